"""What `check` finds in a workspace that loads."""

import hashlib
from pathlib import Path

import pytest

from riskstrat.errors import DefinitionError, StorageError
from riskstrat.workspace import check, load
from tests.unit.smallest_rules import SMALLEST_RULES

FEATURES = """\
from riskstrat.definitions import age as years
from riskstrat.definitions import attribute, codelist, count, days_since, derive, distinct, exists
from riskstrat.sources.tables import admissions, all_falls, diagnoses, people

W = dict(theme="hospital use", unit="x", says="{{n}} thing{{s}}", why="a reason", sensitive=False, missing=0)

stays = count(admissions, lookback="30d", **W)
lived = years(**W)
{more}
"""
OUTCOMES = """\
from riskstrat.sources.tables import admissions

event = admissions.filter(admissions.method == "21")
"""
FILES = SMALLEST_RULES | {
    "riskstrat.toml": '[lists]\nrecipe = "soon"\n\n[[teams]]\nname = "North"\ncode = "NOR"\nlocalities = ["North"]\n',
    "training/outcomes.py": OUTCOMES,
    "training/soon.toml": 'title = "T"\nsentence = "chance"\noutcome = "event"\n',
    "registry/promotion.toml": "[evidence]\nleast_events = 50\n",
    "registry/model_card.md.j2": "# {{ title }}\n",
    "features/codelists/heart.csv": "code,group,description,source\nI10,heart,Hypertension,a book\n",
    "features/codelists/drink.csv": "code,group,description,source\nF10,drink,Alcohol,a book\n",
    "features/codelists/sensitive.csv": "code,group,description,source\nF1,drink,Alcohol,a book\n",
}


def findings(folder: Path, more: str = "", **changed: str) -> list[str]:
    """What `check` says of the small workspace with one more line of features, or with one file changed."""
    files = FILES | {"features/things.py": FEATURES.format(more=more)} | changed
    signed = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if name.endswith(".csv"):
            digest = hashlib.sha256(text.encode()).hexdigest()
            facts = "\n".join(f'{fact} = "x"' for fact in ("title", "source", "version", "licence", "clinical_owner"))
            signed.append(f'[{path.stem}]\n{facts}\nsha256 = "{digest}"\n')
    path = folder / "features/codelists/codelists.toml"
    path.write_text(changed.get("features/codelists/codelists.toml", "\n".join(signed)), encoding="utf-8")
    return check(load(folder))


def test_a_sound_workspace_has_no_findings(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('x = count(admissions, lookback="30d", **W | {"says": "{count} things"})', "says= has {count}; the"),
        ('x = count(admissions, lookback="30d", **W | {"says": "{n things"})', "says= cannot be read"),
        ('x = count(admissions, lookback="30d", **W | {"absent": "none on {date}"})', "absent= has {date}"),
        ('x = count(admissions, lookback="ever", **W | {"says": "{n} in {lookback}"})', "says= has {lookback}, but"),
        ('x = years(**W | {"says": "{n} on {date}"})', "says= has {date}, but age has no date"),
        ('x = attribute(people.ethnicity == "A", **W)', "reads ethnicity"),
        ('x = distinct(people, people.ethnicity, lookback="ever", **W)', "reads ethnicity"),
        ('x = count(people.filter(people.ethnicity == "A"), lookback="ever", **W)', "reads ethnicity"),
        ("x = attribute(people.care_home_from.notnull(), **W)", "reads people.care_home_from, which changes with time"),
        ("x = attribute(people.date_of_death.notnull(), **W)", "reads people.date_of_death, which changes with time"),
        ('x = exists(diagnoses, codes=codelist("drink"), lookback="ever", **W)', "that are in sensitive.csv"),
        ('x = count(diagnoses.filter(diagnoses.code == "F10"), lookback="ever", **W)', "filters on the codes of"),
        ('x = count(all_falls, lookback="30d", **W)', "reads all_falls, which needs the codelist falls_hospital"),
        (
            'def same(columns):\n    return columns["a"]\n\n\n'
            'y = derive({"a": exists(diagnoses, codes=codelist("drink"), lookback="ever", **W)}, same, **W)',
            "that are in sensitive.csv",
        ),
        (
            'def same(columns):\n    return columns["a"]\n\n\n'
            'secret = exists(diagnoses, codes=codelist("drink"), lookback="ever", **W | {"sensitive": True})\n'
            'y = derive({"a": "secret"}, same, **W)',
            "derives from a sensitive feature",
        ),
    ],
)  # fmt: skip
def test_a_feature_is_found_at_fault(line: str, says: str, tmp_path: Path) -> None:
    found = findings(tmp_path, line)
    assert found
    assert all(finding.startswith("features/things.py: ") for finding in found)
    assert says in found[0]


def test_a_sensitive_feature_may_read_sensitive_codes(tmp_path: Path) -> None:
    line = 'x = exists(diagnoses, codes=codelist("drink"), lookback="ever", **W | {"sensitive": True})'
    assert findings(tmp_path, line) == []


def test_a_group_whose_codes_weigh_differently_cannot_be_weighed_whole(tmp_path: Path) -> None:
    codes = "code,group,description,source,weight\nI10,heart,a,b,1\nI11,heart,a,b,2\n"
    line = 'x = distinct(diagnoses, "group", codes=codelist("heart"), weighted=True, lookback="ever", **W)'
    found = findings(tmp_path, line, **{"features/codelists/heart.csv": codes})
    assert found == ['features/things.py: x weighs the group "heart" of heart, whose codes have different weights']


SIGNED = FILES["features/codelists/heart.csv"]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("training/soon.toml", FILES["training/soon.toml"].replace("event", "evnt"),
         'outcome "evnt" is not in training/outcomes.py; did you mean "event"?'),
        ("training/soon.toml", FILES["training/soon.toml"] + 'exclude_features = ["stay"]\n',
         'exclude_features: no feature "stay"; did you mean "stays"?'),
        ("training/soon.toml", FILES["training/soon.toml"] + "[cohort]\nmin_age = 80\nmax_age = 70\n",
         "cohort.min_age is above cohort.max_age"),
        ("training/soon.toml", FILES["training/soon.toml"] + '[cohort]\nindex = "live_discharge"\n',
         "cohort.index live_discharge needs rows of that name in training/outcomes.py"),
        ("riskstrat.toml", FILES["riskstrat.toml"].replace('"soon"', '"son"'),
         'lists.recipe "son" is not a file of training/; did you mean "soon"?'),
        ("riskstrat.toml", FILES["riskstrat.toml"] + '[lists.counts]\nstais = "Stays"\n',
         'lists.counts: no feature "stais"; did you mean "stays"?'),
        ("riskstrat.toml", FILES["riskstrat.toml"] + '[[teams]]\nname = "East"\ncode = "EAS"\n',
         'team "East" serves nobody'),
        *(
            ("riskstrat.toml",
             FILES["riskstrat.toml"] + f'[[teams]]\nname = "East"\ncode = "EAS"\npractices = ["V81999", "{code}"]\n',
             f'team "East": "{code}" is no practice code')
            for code in ("X9902", "n82001", "N82001 ")
        ),
        ("features/codelists/heart.csv", SIGNED.replace("I10", "I1.0"), 'code "I1.0" is not upper case without dots'),
        ("features/codelists/heart.csv", SIGNED.replace("I10", "i10"), 'code "i10" is not upper case without dots'),
        (
            "features/codelists/heart.csv",
            SIGNED.replace("I10", "I10-I15"),
            "a range is written as one row for each code",
        ),
        (
            "features/codelists/heart.csv",
            "system,code,group,description,source\nsnomed,8411400,heart,Heart failure,a book\n",
            'snomed code "8411400" is not a whole SNOMED CT concept; a beginning of one names nothing',
        ),
        (
            "features/codelists/heart.csv",
            "system,code,group,description,source\ncomplaint,161898,heart,A fall,a book\n",
            'complaint code "161898" is not a whole SNOMED CT concept',
        ),
        (
            "features/codelists/heart.csv",
            "system,code,group,description,source\nphrase,fell  over,heart,A fall,a book\n",
            'phrase code "fell  over" is not words in capitals with single blanks',
        ),
        ("features/codelists/heart.csv", SIGNED + "I10,heart,Again,a book\n", 'icd10 code "I10" stands 2 times'),
    ],
)  # fmt: skip
def test_a_decision_is_found_at_fault(file: str, text: str, says: str, tmp_path: Path) -> None:
    found = findings(tmp_path, **{file: text})
    assert [finding for finding in found if finding.startswith(f"{file}: ") and says in finding] == found
    assert len(found) == 1


def test_a_codelist_that_changed_after_it_was_signed_for_is_found(tmp_path: Path) -> None:
    findings(tmp_path)
    path = tmp_path / "features/codelists/heart.csv"
    path.write_text(SIGNED.replace("a book", "another book"), encoding="utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (found,) = check(load(tmp_path))
    assert found.startswith("features/codelists/heart.csv: is not the file signed for")
    assert digest in found


def test_windows_line_endings_are_the_same_codelist(tmp_path: Path) -> None:
    findings(tmp_path)
    path = tmp_path / "features/codelists/heart.csv"
    path.write_bytes(SIGNED.replace("\n", "\r\n").encode())
    assert check(load(tmp_path)) == []


def test_without_a_sensitive_list_nothing_can_be_kept_private(tmp_path: Path) -> None:
    findings(tmp_path)
    (tmp_path / "features/codelists/sensitive.csv").unlink()
    signed = tmp_path / "features/codelists/codelists.toml"
    signed.write_text(signed.read_text().split("[sensitive]")[0], encoding="utf-8")
    assert check(load(tmp_path)) == [
        "features/codelists: there is no sensitive.csv, so nothing can tell which features must never be printed"
    ]


def test_a_sensitive_feature_cannot_stand_in_the_list(tmp_path: Path) -> None:
    line = 'secret = exists(diagnoses, codes=codelist("drink"), lookback="ever", **W | {"sensitive": True})'
    settings = FILES["riskstrat.toml"] + '[lists.counts]\nsecret = "Secret"\n'
    found = findings(tmp_path, line, **{"riskstrat.toml": settings})
    assert found == ["riskstrat.toml: lists.counts: secret is sensitive and never printed; take it out"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("registry/model_card.md.j2", " \n", "registry/model_card.md.j2: is empty"),
        (
            "registry/promotion.toml",
            '[discrimination]\nnot_worse_than = ["logistic_regresion"]\n',
            'promotion.toml: not_worse_than: no rival "logistic_regresion"; did you mean "logistic_regression"?',
        ),
    ],
)
def test_a_gate_or_a_card_is_found_at_fault(name: str, text: str, says: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, **{name: text})
    assert says in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[evidence]\nleast_event = 5\n", r'unknown key "evidence.least_event"; did you mean "least_events"'),
        ("[calibration]\nslope_within = [1.2, 0.8]\n", "is no range"),
        ("[evidence\n", "is not TOML"),
    ],
)
def test_gates_that_cannot_be_read_are_refused_with_their_file(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=rf"registry/promotion\.toml.*{says}"):
        findings(tmp_path, **{"registry/promotion.toml": text})


def test_a_workspace_without_gates_loads_and_check_says_which_file_is_not_there(tmp_path: Path) -> None:
    findings(tmp_path)
    (tmp_path / "registry/promotion.toml").unlink()
    with pytest.raises(StorageError, match=r"registry/promotion\.toml cannot be read"):
        check(load(tmp_path))


@pytest.mark.parametrize(
    ("speaker", "words", "says"),
    [
        ("stays", {}, None),
        ("stay", {}, 'apart said_by= names no feature: "stay"; did you mean "stays"?'),
        ("apart", {}, "apart said_by= names apart, which is said by another itself; name that one"),
        ("stays", {"theme": "falls and frailty"}, "apart said_by= names stays, which has another theme or is not as"),
        ("stays", {"sensitive": True}, "apart said_by= names stays, which has another theme or is not as sensitive"),
    ],
)
def test_a_feature_is_said_only_by_one_like_it(tmp_path: Path, speaker: str, words, says: str | None) -> None:
    more = f'apart = count(admissions, lookback="60d", **(W | {words | {"said_by": speaker}!r}))'
    found = findings(tmp_path, more)
    assert len(found) == (says is not None)
    assert all(str(says) in one for one in found)
