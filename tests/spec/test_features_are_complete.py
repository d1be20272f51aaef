"""The shipped definitions: what an analyst, a clinician and an information governance lead may rely on."""

import re
import time
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.expressions import rows_of, structure
from riskstrat.definitions.features import THEMES, Feature
from riskstrat.workspace import Workspace, check, load

ROOT = Path(__file__).resolve().parents[2]
FEATURE_FILES = sorted((ROOT / "features").glob("*.py"))


@pytest.fixture(scope="module")
def shipped() -> Workspace:
    return load(ROOT)


def test_nothing_is_to_be_put_right(shipped: Workspace) -> None:
    assert check(shipped) == []


def test_there_are_enough_features_and_every_theme_has_some(shipped: Workspace) -> None:
    assert len(shipped.features) >= 120
    assert {feature.theme for feature in shipped.features.values()} == set(THEMES)


def test_every_source_has_its_file(shipped: Workspace) -> None:
    assert sorted(set(shipped.origins.values())) == [
        "features/admissions.py",
        "features/attendances.py",
        "features/checks.py",
        "features/contacts.py",
        "features/demographics.py",
        "features/falls.py",
        "features/frailty_and_comorbidity.py",
        "features/long_term_conditions.py",
        "features/measurements.py",
        "features/prescriptions.py",
        "features/readmission.py",
        "features/social_care.py",
    ]


@pytest.mark.parametrize("path", FEATURE_FILES, ids=lambda path: path.stem)
def test_every_file_names_its_source_its_owner_and_its_last_review(path: Path) -> None:
    opening = " ".join(path.read_text(encoding="utf-8").split('"""')[1].split())
    assert "Source: " in opening
    assert "Clinical owner: " in opening
    assert re.search(r"Reviewed: 20\d\d-\d\d", opening)


def test_every_feature_says_what_it_is_and_what_its_absence_is(shipped: Workspace) -> None:
    silent = [name for name, feature in shipped.features.items() if not (feature.wording.absent or "").strip()]
    # Of a 0 nothing is said: a page names the recorded sex.
    assert silent == ["is_female"]
    assert [n for n, f in shipped.features.items() if "\n" in f.wording.why or not 10 < len(f.wording.why) < 120] == []


def sentences(feature: Feature) -> list[str]:
    words = {
        "ago": "7 months ago",
        "n": "2",
        "s": "s",
        "times": "twice",
        "lookback": "12 months",
        "date": "4 March 2026",
    }
    words["roughly"] = words["ago"]
    worded = feature.wording
    given = (worded.says, worded.says_negative, worded.says_always, worded.absent)
    return [text.format_map(words) for text in given if text is not None]


def test_every_sentence_reads_as_plain_english(shipped: Workspace) -> None:
    said = [sentence for feature in shipped.features.values() for sentence in sentences(feature)]
    assert [text for text in said if not re.match(r"[A-Z0-9]", text) or text.endswith(".") or "  " in text] == []
    banned = r"because of|cause|diabetic|frequent flyer|high user|suffer|victim|elderly|non-?complian"
    assert [text for text in said if re.search(banned, text, re.IGNORECASE)] == []


def test_absence_of_contact_may_mean_not_reaching_services(shipped: Workspace) -> None:
    contact = ("gp_contacts", "days_since_gp_contact", "community_contacts", "mental_health_contacts", "items_issued")
    silent = [
        name
        for name, feature in shipped.features.items()
        if name.startswith(contact) and "may not be reaching services" not in (feature.wording.absent or "")
    ]
    assert silent == []


def test_ethnicity_is_never_read(shipped: Workspace) -> None:
    assert [path.name for path in FEATURE_FILES if re.search(r"\.ethnicity\b", path.read_text(encoding="utf-8"))] == []


def test_no_feature_predicts_falls(shipped: Workspace) -> None:
    said = [text for feature in shipped.features.values() for text in sentences(feature)]
    assert [text for text in said if re.search(r"risk of fall|falls risk|likely to fall", text, re.IGNORECASE)] == []


def test_the_whole_of_the_decisions_loads_in_two_seconds() -> None:
    start = time.perf_counter()
    loaded = load(ROOT)
    taken = time.perf_counter() - start
    print(f"{len(loaded.features)} features, {len(loaded.codelists)} codelists, loaded in {taken:.2f} s")
    assert taken < 2


# ---- Long-term conditions and what must never be printed ----


def test_there_are_37_conditions_and_each_has_its_feature(shipped: Workspace) -> None:
    groups = shipped.codelists["long_term_conditions"].groups
    flags = [
        feature for name, feature in shipped.features.items() if name.startswith("has_") and feature.lookback > 1e5
    ]
    read = [feature.codes.groups[0] for feature in flags if feature.codes is not None]
    assert len(groups) == 37
    assert sorted(read) == sorted(groups)


def test_what_gps_record_of_a_condition_stands_apart_and_the_merged_flag_speaks_for_it(shipped: Workspace) -> None:
    ending = "_in_gp_records"
    apart = {name.removesuffix(ending): one for name, one in shipped.features.items() if name.endswith(ending)}
    assert len(apart) == 37 - len(("Alcohol problems", "Substance misuse"))
    for name, one in apart.items():
        assert one.rows is not None
        assert one.rows.stream == "conditions"
        assert one.codes == shipped.features[f"has_{name}"].codes
        assert one.wording.said_by == f"has_{name}"


def test_every_condition_can_be_landed_from_a_register_under_its_own_slug(shipped: Workspace) -> None:
    entries = [entry for entry in shipped.codelists["long_term_conditions"].entries if entry.system == "register"]
    expected = {e.group: e.group.upper().replace("'", "").replace(" ", "_") for e in entries}
    assert {entry.group: entry.code for entry in entries} == expected
    assert len(entries) == 37
    slugs = sorted(entry.code for entry in entries)
    assert [(a, b) for a in slugs for b in slugs if a != b and b.startswith(a)] == []


def test_only_these_features_are_sensitive(shipped: Workspace) -> None:
    assert sorted(name for name, feature in shipped.features.items() if feature.wording.sensitive) == [
        "charlson_private_item",
        "has_alcohol_problems",
        "has_substance_misuse",
        "hfrs_private_items_730d",
        "takes_medicine_for_dependence",
    ]


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("icd10", "B24"),
        ("icd10", "A549"),
        ("icd10", "X644"),
        ("icd10", "O069"),
        ("icd10", "F101"),
        ("icd10", "F192"),
        ("icd10", "Y05"),
        ("icd9", "042"),
        ("icd9", "E9500"),
        ("register", "ALCOHOL_PROBLEMS"),
        ("bnf", "0410030A0"),
    ],
)
def test_the_sensitive_list_holds(system: str, code: str, shipped: Workspace) -> None:
    assert shipped.codelists["sensitive"].find(code, system)


# ---- Scores ----


def test_the_frailty_score_has_its_109_codes_and_the_right_one_of_the_misprinted(shipped: Workspace) -> None:
    listed = shipped.codelists["hfrs"].entries
    entries = {entry.code: entry.weight for entry in listed if entry.system == "icd10"}
    assert len(entries) == 109
    assert "R39" not in entries
    assert (entries["N39"], entries["F00"], entries["R50"]) == (32, 71, 1)
    assert shipped.codelists["hfrs"].scale == 10


def test_the_two_parts_of_the_frailty_score_are_the_whole(shipped: Workspace) -> None:
    parts = [shipped.features[name].codes for name in ("hfrs_730d", "hfrs_private_items_730d")]
    codes = [entry.code for part in parts if part is not None for entry in part.entries]
    assert sorted(codes) == sorted(entry.code for entry in shipped.codelists["hfrs"].entries)


@pytest.mark.parametrize(
    ("present", "points"),
    [
        ((), 0),
        (("Mild liver disease",), 2),
        (("Mild liver disease", "Moderate or severe liver disease"), 4),
        (("Diabetes without complications",), 0),
        (("Diabetes without complications", "Diabetes with complications"), 1),
        (("Cancer", "Metastatic solid tumour"), 6),
        (("Congestive heart failure", "Dementia", "Renal disease"), 5),
    ],
)
def test_charlson_counts_the_severer_form_alone(present: tuple[str, ...], points: int, shipped: Workspace) -> None:
    feature = shipped.features["charlson_index"]
    columns = {group: np.array([float(group in present)], np.float32) for group in feature.inputs}
    assert feature.formula is not None
    assert feature.formula(columns).tolist() == [points]


def test_charlson_gives_hiv_four_points_and_keeps_it_apart(shipped: Workspace) -> None:
    weights = {e.group: e.weight for e in shipped.codelists["charlson"].entries}
    assert weights["AIDS or HIV"] == 4
    assert "AIDS or HIV" not in shipped.features["charlson_index"].inputs
    assert len(weights) == 17


# ---- Hospital vocabulary ----


@pytest.mark.parametrize(
    ("system", "code", "group"),
    [
        ("icd10", "W190", "external cause"),
        ("icd10", "W20", None),
        ("icd10", "T09", "injury"),
        ("icd10", "T981", "injury"),
        ("icd10", "T99", None),
        ("icd9", "E8889", "external cause"),
        ("icd9", "E887", None),
        ("icd9", "82021", "injury"),
        ("icd9", "7999", None),
    ],
)
def test_hospital_falls_are_read_by_the_phof_rule(
    system: str, code: str, group: str | None, shipped: Workspace
) -> None:
    falls = shipped.codelists["falls_hospital"]
    found = [falls.entries[number].group for number in falls.find(code, system)]
    assert found == ([group] if group else [])


def test_being_at_risk_of_a_fall_is_not_a_fall(shipped: Workspace) -> None:
    codes = [entry.code for entry in shipped.codelists["falls_attendance"].entries]
    assert "161898004" in codes
    assert "430576002" not in codes


def test_features_and_outcome_mean_the_same_emergency_admission(shipped: Workspace) -> None:
    outcome = rows_of(shipped.outcomes["emergency_admission"])
    feature = shipped.features["emergency_admissions_365d"].rows
    assert feature is not None
    assert feature.stream == outcome.stream
    assert sorted(map(structure, feature.conditions)) == sorted(map(structure, outcome.conditions))


ADMISSIONS = pd.DataFrame(
    [
        # spell, method, source, patient_class, discharge_method, destination, specialty, emergency?, live discharge?
        ("through A&E, home", "21", "19", "1", "1", "19", "300", True, True),
        ("old code 28", "28", "19", "1", "1", "19", "300", True, True),
        ("2A", "2A", "19", "1", "1", "54", "300", True, True),
        ("2B is a transfer", "2B", "19", "1", "1", "19", "300", False, True),
        ("2C is a birth", "2C", "19", "1", "1", "19", "300", False, False),
        ("2D, to another hospital", "2D", "19", "1", "1", "51", "300", True, False),
        ("came from another ward", "21", "51", "1", "1", "19", "300", False, True),
        ("came from a non-NHS hospital", "21", "87", "1", "1", "85", "300", False, True),
        ("came from a care home", "21", "54", "1", "1", "65", "300", True, True),
        ("day case", "12", "19", "2", "1", "19", "100", False, False),
        ("planned", "11", "19", "1", "1", "19", "100", False, True),
        ("obstetrics", "21", "19", "1", "1", "19", "501", False, False),
        ("midwifery", "31", "19", "1", "1", "19", "560", False, False),
        ("died", "21", "19", "1", "4", "79", "300", True, False),
        ("left against advice", "21", "19", "1", "2", "19", "300", True, True),
        ("nothing else known", "22", None, None, None, None, None, True, False),
        ("class and specialty not known", "22", None, None, None, "19", None, True, True),
    ],
    columns=[
        *("spell_id", "method", "source", "patient_class", "discharge_method", "destination", "specialty"),
        *("emergency_admission", "live_discharge"),
    ],
)


@pytest.mark.parametrize("outcome", ["emergency_admission", "live_discharge"])
def test_an_outcome_keeps_exactly_these_admissions(outcome: str, shipped: Workspace) -> None:
    expression = shipped.outcomes[outcome]
    unbound = expression.op().find(ibis.expr.operations.UnboundTable)[0].to_expr()
    rows = ADMISSIONS.assign(discharged_on=pd.Timestamp("2026-01-05"))
    table = pd.DataFrame(
        {name: rows.get(name, pd.Series([None] * len(rows), dtype=object)) for name in unbound.columns}
    )
    engine = ibis.duckdb.connect()
    engine.create_table("admissions", ibis.memtable(table, schema=unbound.schema()))
    kept = set(engine.execute(expression)["spell_id"])
    assert kept == set(ADMISSIONS.loc[ADMISSIONS[outcome], "spell_id"])
