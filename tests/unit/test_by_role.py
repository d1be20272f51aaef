"""What clinicians alone are shown: small tables of the whole record in, every fact out, and the same facts in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.settings import SensitiveSettings
from riskstrat.documents.by_role import NOT_TOLD, NOTHING_RECORDED, word_decisions, word_sensitive_facts
from riskstrat.errors import DefinitionError, PublicationError
from riskstrat.people.by_role import find_sensitive_facts
from riskstrat.publication import ForClinicians, SensitiveFact, dump_for_clinicians
from riskstrat.publication.clinicians import parse_for_clinicians
from riskstrat.publication.layout import CLINICIANS, FOR_CLINICIANS, choose_mode
from riskstrat.sources.sensitive import require_by_role
from riskstrat.workspace import load

SHIPPED = load(Path(__file__).resolve().parents[2])
SENSITIVE = SHIPPED.codelists["sensitive"]
EVERY_GROUP = {"Self-harm": "CG 1", "Alcohol and drugs": "CG 2", "Abuse": "CG 3", "Prison": "CG 4"}
TABLES = {
    "conditions": """
patient_id,recorded_on,system,code
a,2019-03-04,register,ALCOHOL_PROBLEMS
a,2024-03-04,register,ALCOHOL_PROBLEMS
a,2020-01-01,register,HEART_FAILURE
b,2020-01-01,icd10,B24
""",
    "admissions": """
patient_id,spell,admitted_on,method,specialty
a,1,2026-01-05,21,300
a,2,2026-02-05,21,300
a,3,2026-03-05,11,721
a,4,2026-04-05,21,300
b,5,2026-05-05,21,300
b,6,2026-06-05,21,360
b,7,2026-07-05,21,300
c,8,2026-08-05,21,300
""",
    "diagnoses": """
spell,position,system,code
1,1,icd10,T391
1,3,icd10,X601
2,1,icd10,F102
3,1,icd10,Z500
4,1,icd10,J189
4,2,icd10,F102
4,3,icd10,X601
5,1,icd10,B24
5,2,icd10,F102
6,1,icd10,F102
7,1,icd10,S720
7,2,icd10,Y071
8,1,icd10,I500
""",
    "attendances": """
patient_id,attended_on,complaint,diagnosis
a,2026-01-05,OVERDOSE,
b,2026-01-06,OVERDOSE,B24
c,2026-01-07,CHEST_PAIN,
""",
    "prescriptions": "patient_id,issued_on,bnf\na,2026-02-01,0410010A0\nb,2026-02-02,0503010A0\nc,2026-02-03,0212000A0",
    "contacts": """
patient_id,contacted_on,service,attended
a,2026-03-01,drug_and_alcohol,true
a,2026-03-08,drug_and_alcohol,false
a,2026-03-15,drug_and_alcohol,
b,2026-03-02,sexual assault clinic,true
c,2026-03-03,gp,true
""",
    "measurements": "patient_id,measured_on,measure\na,2026-04-01,audit_c\nc,2026-04-01,bmi",
}


def read_table(name: str) -> pd.DataFrame:
    made = pd.read_csv(StringIO(TABLES[name].strip()), dtype="string")
    for column in made.columns:
        if column.endswith("_on"):
            made[column] = pd.to_datetime(made[column])
    if "position" in made:
        made["position"] = made["position"].astype(int)
    return made.assign(attended=made["attended"].map({"true": True, "false": False})) if "attended" in made else made


def find_facts(decided: Mapping[str, str], sensitive: Codelist = SENSITIVE) -> dict[str, tuple[SensitiveFact, ...]]:
    settings = SHIPPED.settings.model_copy(update={"sensitive": SensitiveSettings(shown_to_clinicians=dict(decided))})
    codelists = {**SHIPPED.codelists, "sensitive": sensitive}
    records: Any = SimpleNamespace(
        opened=SimpleNamespace(workspace=replace(SHIPPED, settings=settings, codelists=codelists)),
        rows=pd.DataFrame({"patient_id": ["a", "b", "c"]}),
        known_whole=read_table,
    )
    return find_sensitive_facts(records)


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[SensitiveFact, ...]]:
    """What is told where every group may be shown."""
    return find_facts(EVERY_GROUP)


def test_without_any_decision_nothing_is_told() -> None:
    assert find_facts({}) == {"a": (), "b": (), "c": ()}


def test_every_kind_of_record_is_told_by_group_and_nothing_that_is_shown_to_nobody(
    told: dict[str, tuple[SensitiveFact, ...]],
) -> None:
    def tell(group: str, kind: Any, times: int, first: str, latest: str | None = None) -> SensitiveFact:
        return SensitiveFact(group, kind, times, date.fromisoformat(first), date.fromisoformat(latest or first))

    assert {patient: set(facts) for patient, facts in told.items()} == {
        "a": {
            # A stay by its main diagnosis or specialty, or by harm beside an injury: never by another secondary code.
            tell("Self-harm", "emergency stay", 1, "2026-01-05"),
            tell("Self-harm", "A&E visit", 1, "2026-01-05"),
            tell("Alcohol and drugs", "condition", 2, "2019-03-04", "2024-03-04"),
            tell("Alcohol and drugs", "emergency stay", 1, "2026-02-05"),
            tell("Alcohol and drugs", "other stay", 1, "2026-03-05"),
            tell("Alcohol and drugs", "medicine", 1, "2026-02-01"),
            # A missed contact is none; one of which nobody knows whether it was missed is one.
            tell("Alcohol and drugs", "contact", 2, "2026-03-01", "2026-03-15"),
            tell("Alcohol and drugs", "measurement", 1, "2026-04-01"),
        },
        # A stay for HIV, one of genitourinary medicine, a visit and a contact that are both: shown to nobody.
        "b": {tell("Abuse", "emergency stay", 1, "2026-07-05")},
        "c": set(),
    }
    groups = [fact.group for fact in told["a"]]
    assert groups == sorted(groups, key=SENSITIVE.groups.index)


@pytest.mark.parametrize("group", EVERY_GROUP)
def test_a_group_without_a_decision_is_shown_to_nobody_and_hides_what_it_shares(
    told: dict[str, tuple[SensitiveFact, ...]], group: str
) -> None:
    assert find_facts({group: "CG 9"}) == {
        patient: tuple(fact for fact in facts if fact.group == group) for patient, facts in told.items()
    }


def test_a_stay_of_two_groups_is_shown_only_where_both_are(monkeypatch: pytest.MonkeyPatch) -> None:
    added = TABLES["diagnoses"].rstrip() + "\n7,3,icd10,X601\n"
    monkeypatch.setitem(TABLES, "diagnoses", added)
    assert not find_facts({"Abuse": "CG 3"})["b"]
    assert {fact.group for fact in find_facts(EVERY_GROUP)["b"]} == {"Abuse", "Self-harm"}


def test_a_code_that_is_also_of_a_group_shown_to_nobody_is_told_by_no_group() -> None:
    (code,) = [entry for entry in SENSITIVE.entries if entry.code == "ALCOHOL_PROBLEMS"]
    both = replace(SENSITIVE, entries=(*SENSITIVE.entries, replace(code, group="HIV", tier="never")))
    kinds = {fact.kind for fact in find_facts(EVERY_GROUP, both)["a"]}
    assert "condition" not in kinds
    assert "medicine" in kinds


def test_a_decision_has_a_reference_and_is_of_a_group_that_may_be_shown() -> None:
    with pytest.raises(ValueError, match="Caldicott guardian's decision"):
        SensitiveSettings(shown_to_clinicians={"Self-harm": "  "})
    require_by_role(SENSITIVE, EVERY_GROUP)
    for group, says in (("HIV", "shown to nobody"), ("Self harm", 'did you mean "Self-harm"')):
        with pytest.raises(DefinitionError, match=says):
            require_by_role(SENSITIVE, [group])
    one = SENSITIVE.only("Prison").entries[0]
    for tier in ("", "By role", "never"):
        other = replace(SENSITIVE, entries=(*SENSITIVE.entries, replace(one, tier=tier)))
        with pytest.raises(DefinitionError, match='"Prison" is shown to nobody'):
            require_by_role(other, ["Prison"])


def test_the_facts_in_words_and_that_nothing_is_recorded() -> None:
    facts = (
        SensitiveFact("Self-harm", "emergency stay", 1, date(2026, 1, 5), date(2026, 1, 5)),
        SensitiveFact("Self-harm", "A&E visit", 3, date(2025, 1, 5), date(2026, 3, 4)),
        SensitiveFact("Self-harm", "medicine", 2, date(2026, 1, 6), date(2026, 1, 6)),
    )
    shown = ForClinicians({"Self-harm": "CG 1", "Prison": "CG 4"}, {"KIR-012-Q": facts})
    assert word_sensitive_facts(shown, "KIR-012-Q") == (
        (
            "Self-harm",
            "1 emergency hospital stay, on 5 January 2026; 3 A&E visits from 5 January 2025 to 4 March 2026; "
            "2 prescriptions on 6 January 2026.",
        ),
        ("Prison", NOTHING_RECORDED),
    )
    assert word_decisions(shown) == "Shown by decision of the Caldicott guardian: Self-harm (CG 1); Prison (CG 4)."
    more = ForClinicians({"Abuse": "CG 2", **shown.decisions}, shown.people)
    assert word_sensitive_facts(more, "KIR-012-Q")[1:] == (("Abuse, Prison", NOTHING_RECORDED),)
    looked_up = replace(more, people={**more.people, "KIR-057-I": ()})
    assert word_sensitive_facts(looked_up, "KIR-057-I") == (("Abuse, Self-harm, Prison", NOTHING_RECORDED),)


def test_whoever_was_not_looked_up_is_not_told_of_as_somebody_of_whom_nothing_is_recorded() -> None:
    shown = ForClinicians({"Self-harm": "CG 1", "Prison": "CG 4"}, {"KIR-012-Q": ()})
    assert word_sensitive_facts(shown, "KIR-201-P") == (("Self-harm, Prison", NOT_TOLD),)
    assert word_sensitive_facts(ForClinicians(), "KIR-201-P") == ()


def test_the_file_comes_back_as_it_was_and_nothing_else_is_read() -> None:
    fact = SensitiveFact("Prison", "contact", 2, date(2026, 1, 5), date(2026, 1, 6))
    shown = ForClinicians({"Prison": "CG 4", "Abuse": "CG 3"}, {"KIR-012-Q": (fact,), "KIR-057-I": ()})
    content = dump_for_clinicians(shown)
    assert parse_for_clinicians(content) == shown
    for broken in (b"", content[:-3], content.replace(b'"format": 1', b'"format": 2'), content.replace(b"2,", b"2.5,")):
        with pytest.raises(PublicationError, match="damaged or of another format"):
            parse_for_clinicians(broken)
    assert shown.keep_groups({"Abuse": "CG 3"}) == ForClinicians({"Abuse": "CG 3"}, {"KIR-012-Q": (), "KIR-057-I": ()})


@pytest.mark.parametrize("path", [CLINICIANS, f"{CLINICIANS}/kir", f"{CLINICIANS}/kir/kir-people.html", FOR_CLINICIANS])
def test_whoever_may_read_the_teams_folders_may_not_read_what_clinicians_alone_are_shown(path: str) -> None:
    assert choose_mode(Path(path), "group") & 0o077 == 0
    assert choose_mode(Path("kir/kir-people.html"), "group") & 0o040
