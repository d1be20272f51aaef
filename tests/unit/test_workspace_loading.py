"""Finding and loading a workspace: what is given back, and in which single line a broken file is refused."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from riskstrat.definitions.roles import Roles
from riskstrat.errors import DefinitionError, RiskstratError, StorageError, WorkspaceError
from riskstrat.workspace import Workspace, find, find_compared_words, load
from riskstrat.workspace.loading import CARD_FILE, KEPT
from tests.unit.smallest_rules import SMALLEST_RULES

REPOSITORY = Path(__file__).parents[2]
WORDS = 'theme="hospital use", unit="stays", says="{n} stay{s}", why="a reason", sensitive=False'
STAYS = f"""\
from riskstrat.definitions import count, codelist, derive, distinct, exists, slope
from riskstrat.sources.tables import admissions, all_falls, diagnoses, measurements

stays = count(admissions, lookback=("30d", "90d"), missing=0, {WORDS})
"""
OUTCOMES = """\
from riskstrat.sources.tables import admissions

emergency = admissions.filter(admissions.method == "21")
_private = admissions
"""
RECIPE = 'title = "T"\nsentence = "chance of something"\noutcome = "emergency"\n'
CODES = "code,group,description,source\nI10,heart,Hypertension,a book\n"

Make = Callable[..., Path]


def _path_of(name: str) -> str:
    """features/falls.py of features__falls_py."""
    *folders, last = name.split("__")
    stem, _, ending = last.rpartition("_")
    return "/".join([*folders, f"{stem}.{ending}"])


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a small workspace; each keyword adds or replaces a file (`features__falls_py` = features/falls.py)."""

    def made(**files: str | bytes) -> Path:
        given = {
            "riskstrat_toml": "",
            "features__stays_py": STAYS,
            "training__outcomes_py": OUTCOMES,
            "training__soon_toml": RECIPE,
        } | files
        named = {_path_of(name): contents for name, contents in given.items()}
        for name, contents in (SMALLEST_RULES | named).items():
            path = tmp_path.joinpath("site", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            data = contents if isinstance(contents, bytes) else dedent(contents).encode()
            path.write_bytes(data)
        return tmp_path / "site"

    return made


def with_codes(codes: str = CODES, **facts: object) -> dict[str, str]:
    """The files of one codelist named heart, signed for."""
    signed = dict.fromkeys(("title", "source", "version", "licence", "clinical_owner"), "x")
    signed["sha256"] = hashlib.sha256(codes.encode()).hexdigest()
    lines = [f"{name} = {value!r}" for name, value in (signed | facts).items()]
    return {
        "features__codelists__heart_csv": codes,
        "features__codelists__codelists_toml": "[heart]\n" + "\n".join(lines) + "\n",
    }


def fingerprint(workspace: Workspace, name: str) -> str:
    return workspace.fingerprints[name]


# ---- Finding ----


def test_a_named_folder_is_the_workspace(make: Make) -> None:
    assert find(make()) == make().resolve()


def test_without_a_name_the_nearest_folder_above_is_the_workspace(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make()
    monkeypatch.chdir(root / "features")
    assert find() == root.resolve()


@pytest.mark.parametrize("given", ["named", None])
def test_without_a_workspace_the_message_says_how_to_make_one(
    given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match="riskstrat init"):
        find(tmp_path / given if given else None)


# ---- Loading ----


def test_features_stand_in_the_order_of_files_then_of_declaration(make: Make) -> None:
    more = f"""\
from riskstrat.definitions import count
from riskstrat.sources.tables import admissions

many = {{name: count(admissions, lookback="7d", missing=0, {WORDS}) for name in ("b", "a")}}
"""
    loaded = load(make(features__ahead_py=more))
    assert list(loaded.features) == ["b", "a", "stays_30d", "stays_90d"]
    assert [feature.name for feature in loaded.features.values()] == list(loaded.features)
    assert loaded.origins["a"] == "features/ahead.py"


def test_names_that_begin_with_an_underscore_stay_out(make: Make) -> None:
    loaded = load(make(features__stays_py=STAYS.replace("stays =", "_stays =")))
    assert list(loaded.features) == []


def test_outcomes_are_the_named_rows_and_not_the_imported_tables(make: Make) -> None:
    assert list(load(make()).outcomes) == ["emergency"]


def test_a_recipe_is_named_after_its_file(make: Make) -> None:
    recipe = load(make()).recipes["soon"]
    assert (recipe.name, recipe.outcome) == ("soon", "emergency")


@pytest.mark.parametrize("rules", ["pathways", "flags", "frailty", "falls_criteria", "baselines", "roles"])
def test_a_file_of_rules_is_not_a_recipe(make: Make, rules: str) -> None:
    assert list(load(make(**{f"training__{rules}_toml": "[a]\n"})).recipes) == ["soon"]


@pytest.mark.parametrize(
    ("file", "part"),
    [("flags", "flags"), ("frailty", "frailty"), ("falls_criteria", "falls_rules"), ("baselines", "baselines"),
     ("roles", "roles")],
)  # fmt: skip
def test_a_file_of_rules_that_is_not_there_is_named_and_never_silent(make: Make, file: str, part: str) -> None:
    root = make()
    (root / f"training/{file}.toml").unlink()
    with pytest.raises(DefinitionError, match=rf"training/{file}\.toml is not there; take it from a new workspace"):
        getattr(load(root), part)


PARTS = (
    *("pathways", "changeable", "flags", "frailty", "falls_rules", "baselines", "replay_orders", "roles"),
    *("promotion", "hazards", "card_template", "definitions_hash"),
)


def read_roles(root: Path) -> Roles | None:
    """The roles of a workspace, or None where they are refused."""
    try:
        return load(root).roles
    except (DefinitionError, StorageError):
        return None


@pytest.mark.parametrize("contents", [b"# other rules\n", b"[[[", b"\xff\xfe\x00", None])
def test_a_run_reads_the_rules_that_stood_when_it_began(make: Make, contents: bytes | None) -> None:
    shipped = {where: (REPOSITORY / where).read_bytes() for where in KEPT if where.startswith("registry/")}
    root = make(**{where.replace("/", "__").replace(".", "_"): text for where, text in shipped.items()})
    (root / CARD_FILE).write_bytes(shipped[CARD_FILE])
    meant = {part: getattr(load(root), part) for part in PARTS}
    begun = load(root)
    for where in KEPT:
        path = root / where
        path.unlink(missing_ok=True)
        if contents is not None:
            path.write_bytes(contents)
    assert {part: getattr(begun, part) for part in PARTS} == meant
    assert read_roles(root) != meant["roles"]


# ---- Rows that outcomes name ----

NAMED = f"""\
from riskstrat.definitions import count, rows_named
from riskstrat.sources.tables import diagnoses, people

stays = count(rows_named("emergency"), lookback=("30d", "90d"), missing=0, {WORDS})
coded = count(rows_named("emergency", on=diagnoses), lookback="30d", missing=0, {WORDS})
"""


def test_features_ask_for_the_rows_of_an_outcome_by_its_name(make: Make) -> None:
    written = STAYS.replace("count(admissions,", 'count(admissions.filter(admissions.method == "21"),')
    coded = f'coded = count(diagnoses.filter(diagnoses.method == "21"), lookback="30d", missing=0, {WORDS})\n'
    by_hand, by_name = load(make(features__stays_py=written + coded)), load(make(features__stays_py=NAMED))
    assert by_name.fingerprints == by_hand.fingerprints


def test_an_outcome_that_changes_changes_every_feature_that_asks_for_it(make: Make) -> None:
    before = load(make(features__stays_py=NAMED))
    after = load(make(features__stays_py=NAMED, training__outcomes_py=OUTCOMES.replace('"21"', '"22"')))
    assert {name for name in before.features if before.fingerprints[name] != after.fingerprints[name]} == {
        *("stays_30d", "stays_90d", "coded")
    }


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ('rows_named("emergncy")', 'training/outcomes.py names no "emergncy"; did you mean "emergency"?'),
        ('rows_named("emergency", on=people)', "people has no column method, which these rows are chosen by"),
    ],
)
def test_rows_that_are_not_named_or_do_not_fit_are_refused(make: Make, asked: str, says: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(make(features__stays_py=NAMED.replace('rows_named("emergency", on=diagnoses)', asked)))
    assert says in str(refused.value)


def test_a_folder_without_decisions_loads_empty(tmp_path: Path) -> None:
    (tmp_path / "riskstrat.toml").touch()
    loaded = load(tmp_path)
    assert (loaded.features, loaded.recipes, loaded.outcomes, loaded.codelists) == ({}, {}, {}, {})


def test_codelists_are_there_while_features_load(make: Make) -> None:
    uses = STAYS + f'heart = exists(diagnoses, codes=codelist("heart"), lookback="ever", missing=0, {WORDS})\n'
    loaded = load(make(features__stays_py=uses, **with_codes(scale=10)))
    codes = loaded.features["heart"].codes
    assert codes is loaded.codelists["heart"]
    assert (codes.entries[0].system, codes.entries[0].weight, codes.scale) == ("icd10", 1, 10)


def test_loading_leaves_nothing_behind(make: Make) -> None:
    root = make()
    modules, path = set(sys.modules), list(sys.path)
    load(root)
    assert set(sys.modules) == modules
    assert sys.path == path
    assert not list(root.rglob("__pycache__"))


def test_a_changed_file_is_read_again(make: Make) -> None:
    before = load(make())
    after = load(make(features__stays_py=STAYS.replace('"30d", "90d"', '"30d",')))
    assert list(before.features) == ["stays_30d", "stays_90d"]
    assert list(after.features) == ["stays_30d"]


# ---- Fingerprints ----


def test_words_do_not_change_a_fingerprint_and_values_do(make: Make) -> None:
    first = load(make())
    worded = load(make(features__stays_py=STAYS.replace("a reason", "another reason")))
    valued = load(make(features__stays_py=STAYS.replace("missing=0", "missing=1")))
    assert fingerprint(worded, "stays_30d") == fingerprint(first, "stays_30d")
    assert fingerprint(valued, "stays_30d") != fingerprint(first, "stays_30d")
    assert worded.definitions_hash == first.definitions_hash
    assert valued.definitions_hash != first.definitions_hash


DERIVED = (
    STAYS
    + f"""
BONUS = 1


def twice(columns):
    return 2 * columns["x"] + BONUS


def plus(columns):
    return columns["y"] + 1


more = derive({{"y": "doubled"}}, plus, missing=0, {WORDS})
doubled = derive({{"x": "stays_30d"}}, twice, missing=0, {WORDS})
"""
)


@pytest.mark.parametrize(
    ("old", "new"),
    [("missing=0, theme", "missing=9, theme"), ("2 * columns", "3 * columns"), ("BONUS = 1", "BONUS = 2")],
)
def test_a_derived_feature_carries_its_inputs_its_formula_and_its_constants(old: str, new: str, make: Make) -> None:
    first = load(make(features__stays_py=DERIVED))
    other = load(make(features__stays_py=DERIVED.replace(old, new, 1)))
    assert fingerprint(first, "more") != fingerprint(other, "more")


def test_a_feature_of_falls_carries_the_codelists_behind_its_stream(make: Make) -> None:
    falls = STAYS + f'falls = count(all_falls, lookback="30d", missing=0, {WORDS})\n'

    def loaded(code: str) -> Workspace:
        files = with_codes(CODES.replace("I10", code))
        renamed = {name.replace("heart", "falls_hospital"): text for name, text in files.items()}
        renamed["features__codelists__codelists_toml"] = files["features__codelists__codelists_toml"].replace(
            "[heart]", "[falls_hospital]"
        )
        return load(make(features__stays_py=falls, **renamed))

    first, other = loaded("W00"), loaded("W01")
    assert fingerprint(first, "falls") != fingerprint(other, "falls")
    assert fingerprint(first, "stays_30d") == fingerprint(other, "stays_30d")


# ---- Broken files: one line, with the file, the line and what to do ----


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x = (", r"features/stays.py line 5: not Python: '\(' was never closed"),
        ("x = admissions.admited_on", r'line 5: no column "admited_on"; did you mean "admitted_on"\?'),
        ('x = admissions["methd"]', r'line 5: no column "methd"; did you mean "method"\?'),
        ("x = admissions.method.isinn([])", r'line 5: StringColumn has no "isinn"; did you mean "isin"\?'),
        ("from riskstrat.sources.tables import admision", r'tables has no "admision"; did you mean "admissions"\?'),
        ('x = count(admissions, lookback="30d")', r"line 5: the declaration lacks missing="),
        ('x = count(admissions, lookback="30d", missing=0, theme="medicines", unit="a", says="b", sensitive=False)',
         r"line 5: the declaration lacks why="),
        (f'x = count(admissions, lookback="30d", missing=0, them="x", {WORDS})',
         r'line 5: unknown keyword "them="; did you mean "theme"\?'),
        (f'x = count(admissions, lookback="999999999999d", missing=0, {WORDS})', r"longer than any record; write"),
        (f'x = count(admissions, lookback=(), missing=0, {WORDS})', r"line 5: a feature needs a lookback"),
        (f'x = slope(measurements.value, lookback="90d", at_least="90d", missing=None, {WORDS})',
         r'line 5: at_least="90d" is not shorter than the lookback'),
        (f'x = count(admissions, lookback="1y", missing=0, {WORDS})', r'line 5: "1y" is not a length of time'),
        ('x = codelist("heart").without("hart")', r'codelist heart has no group "hart"; did you mean "heart"'),
        ('x = codelist("hart")', r'line 5: no codelist "hart".*did you mean "heart"'),
        ("x = 1 / 0", r"line 5: ZeroDivisionError"),
        ("raise SystemExit(3)", r"line 5: SystemExit: 3"),
        ("import nothing_of_that_name", r"line 5: No module named 'nothing_of_that_name'"),
        (f'stays = count(admissions, lookback="30d", missing=0, {WORDS})', r'line 5: the name "stays" is given twice'),
        (f'x = {{"Bad": count(admissions, lookback="30d", missing=0, {WORDS})}}', r'"Bad" cannot name a feature'),
        (f'x = [count(admissions, lookback="30d", missing=0, {WORDS})]', r'"x" holds a feature among other things'),
        (f'x = {{"a": [count(admissions, lookback="30d", missing=0, {WORDS})]}}', r'"x" holds a feature among'),
        (f'x = count(admissions, lookback="30d", missing=0, {WORDS})[0]', r'"x" holds a feature among other things'),
        (f'x = {{1: count(admissions, lookback="30d", missing=0, {WORDS})}}', r'"1" cannot name a feature'),
        (f'x = {{"stays_30d": count(admissions, lookback="30d", missing=0, {WORDS})}}', r'"stays_30d" stands in'),
    ],
)  # fmt: skip
def test_a_broken_line_of_a_feature_file_is_named(line: str, says: str, make: Make) -> None:
    with pytest.raises(DefinitionError, match=says) as refused:
        load(make(features__stays_py=STAYS + line + "\n", **with_codes()))
    assert str(refused.value).startswith("features/stays.py")
    assert "\n" not in str(refused.value)


def test_the_line_is_that_of_the_file_even_when_the_fault_lies_in_a_function_of_it(make: Make) -> None:
    text = STAYS + "def broken():\n    return admissions.nowhere\n\n\nx = broken()\n"
    with pytest.raises(DefinitionError, match=r"features/stays.py line 6: no column"):
        load(make(features__stays_py=text))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"features__more_py": STAYS}, 'features/stays.py: feature "stays_30d" stands in features/more.py already'),
        ({"features__stays_py": b"x = '\xff'\n"}, "features/stays.py line 1: not Python"),
        ({"training__outcomes_py": "x = \n"}, "training/outcomes.py line 1: not Python"),
        (
            {"training__outcomes_py": OUTCOMES + "few = admissions.limit(3)\n"},
            "training/outcomes.py: few: rows are a table",
        ),
        ({"training__soon_toml": RECIPE + "horizn = 1\n"}, 'training/soon.toml: unknown key "horizn"'),
        ({"training__soon_toml": "title = \n"}, "training/soon.toml is not TOML: Invalid value"),
        (
            {"training__soon_toml": RECIPE + 'name = "late"\n'},
            'training/soon.toml: name "late" is not that of',
        ),
        (
            {"training__soon_toml": RECIPE + "[label]\nincludes_index_day = true\ngap_days = 30\n"},
            'training/soon.toml: key "label": a window that includes_index_day has no gap before it',
        ),
        (
            {"training__soon_toml": RECIPE + "[label]\ngap_days = 99999999999\n"},
            'training/soon.toml: key "label.gap_days": Input should be less',
        ),
        ({"training__soon_toml": 'title = "T"\n'}, 'training/soon.toml: key "sentence" is missing'),
    ],
)
def test_a_broken_decision_is_refused_in_one_line(files: dict[str, str | bytes], says: str, make: Make) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(make(**files))
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("[lists]\nfoldr = 1\n", 'riskstrat.toml: unknown key "lists.foldr"; did you mean "folder"?'),
        ("[[teams]]\n", 'riskstrat.toml: key "teams.0.name" is missing'),
        (
            "[data.lag_days]\nadmisions = 30\n",
            'riskstrat.toml: key "data.lag_days": "admisions" is not a table of dated',
        ),
        ("[data.lag_days]\nadmissions = -30\n", 'riskstrat.toml: key "data.lag_days.admissions": Input should be'),
        (
            "[lists.bands]\nlower = 0.0\nhigh = nan\n",
            'riskstrat.toml: key "lists.bands.high": Input should be a finite',
        ),
        ("[casefinding]\nkeeps_within = inf\n", 'riskstrat.toml: key "casefinding.keeps_within": Input should be a'),
        ('[lists]\nfolder = ""\n', 'riskstrat.toml: lists.folder = "" is the workspace itself; give a folder'),
        ('[lists]\nfolder = "./Data/"\n', 'riskstrat.toml: lists.folder = "./Data/" is data.store; give a folder'),
        ('[worklist]\nfolder = "lists"\n', 'riskstrat.toml: worklist.folder = "lists" is lists.folder; give a folder'),
        ("[", "riskstrat.toml is not TOML"),
        (b"\xff\xfe", "riskstrat.toml is not UTF-8 text"),
    ],
)
def test_broken_settings_are_refused_in_one_line(settings: str | bytes, says: str, make: Make) -> None:
    with pytest.raises(WorkspaceError) as refused:
        load(make(riskstrat_toml=settings))
    assert str(refused.value).startswith(says)


def test_an_unknown_input_of_derive_is_refused_with_a_near_match(make: Make) -> None:
    with pytest.raises(DefinitionError, match=r'doubled asks for a feature "stays_31d".*did you mean "stays_30d"'):
        load(make(features__stays_py=DERIVED.replace('"x": "stays_30d"', '"x": "stays_31d"')))


def test_a_circle_of_derived_features_is_refused(make: Make) -> None:
    with pytest.raises(DefinitionError, match="derive goes round in a circle: more -> doubled -> more"):
        load(make(features__stays_py=DERIVED.replace('"x": "stays_30d"', '"x": "more"')))


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (CODES.replace("source", "sorce"), 'heart.csv: column "source" is missing'),
        (CODES.replace("source", "source,wieght", 1), 'heart.csv: unknown column "wieght"; did you mean "weight"?'),
        (CODES + ",heart,Nothing,a book\n", 'heart.csv line 3: "code" is empty'),
        (CODES + "I11,heart,One, two,a book\n", "heart.csv line 3: not one value for each column"),
        (CODES + "I11,heart\n", "heart.csv line 3: not one value for each column"),
        ("code,group,description,source,system\nI10,h,d,s,icd11\n", 'heart.csv line 2: system "icd11" is not one of'),
        ("code,group,description,source,weight\nI10,h,d,s,1.5\n", 'heart.csv line 2: weight "1.5" is not a whole'),
        ("code,group,description,source,weight\nI10,h,d,s,--5\n", 'heart.csv line 2: weight "--5" is not a whole'),
        (
            CODES + 'I11,heart,One,"a book\nI12,heart,Two,a book\n',
            "heart.csv line 2 is not CSV: unexpected end of data",
        ),
        ("code,group,description,source,code\nI10,h,d,s,I11\n", 'heart.csv: column "code" stands 2 times'),
        ("code,group,description,source\n", "heart.csv has no entries, so nothing would ever be found by it"),
    ],
)
def test_a_broken_codelist_is_refused_with_its_line(codes: str, says: str, make: Make) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(make(**with_codes(codes)))
    assert str(refused.value).startswith(f"features/codelists/{says}")


def test_a_codelist_that_nobody_signed_for_is_refused(make: Make) -> None:
    files = with_codes()
    del files["features__codelists__codelists_toml"]
    with pytest.raises(DefinitionError, match=r"heart.csv: codelists.toml does not say where it comes from"):
        load(make(**files))


def test_a_signature_without_its_codelist_is_refused(make: Make) -> None:
    files = with_codes()
    del files["features__codelists__heart_csv"]
    with pytest.raises(DefinitionError, match=r"codelists.toml: there is no heart.csv"):
        load(make(**files))


def test_a_link_that_leads_nowhere_is_no_file_that_was_left_out(make: Make) -> None:
    root = make()
    for name in ("pathways", "cohorts"):
        (root / "training" / f"{name}.toml").unlink(missing_ok=True)
        (root / "training" / f"{name}.toml").symlink_to("nowhere.toml")
    workspace = load(root)
    for read in (lambda: workspace.pathways, lambda: workspace.cohort_rules):
        with pytest.raises(StorageError, match=r"training/\w+.toml cannot be read"):
            read()


def test_a_definition_file_that_cannot_be_read_is_named(make: Make) -> None:
    root = make()
    (root / "features" / "folder.py").mkdir()
    with pytest.raises(RiskstratError, match=r"features/folder.py cannot be read"):
        load(root)


MORE = "code,group,description,source,system\n84114007,heart,Heart failure,a book,snomed\n"


def with_more(make: Make, codes: str = MORE, base: str = "heart") -> Path:
    """A workspace whose list `more` extends `base`."""
    heart, more = with_codes(), with_codes(codes, extends=base)
    toml = "features__codelists__codelists_toml"
    signed = heart[toml] + more[toml].replace("[heart]", "[more]")
    return make(**heart | {"features__codelists__more_csv": codes, toml: signed})


def test_a_codelist_can_be_made_of_two_files_for_two_code_systems(make: Make) -> None:
    lists = load(with_more(make)).codelists
    assert [(entry.system, entry.code) for entry in lists["heart"].entries] == [
        ("icd10", "I10"),
        ("snomed", "84114007"),
    ]
    assert [entry.code for entry in lists["more"].entries] == ["84114007"]


@pytest.mark.parametrize(
    ("codes", "base", "says"),
    [
        (MORE, "hart", 'extends "hart", which is no list of its own; did you mean "heart"?'),
        (MORE, "more", 'extends "more", which is no list of its own'),
        (MORE.replace("heart,", "hearts,"), "heart", 'heart has no group "hearts"; did you mean "heart"?'),
    ],
)
def test_a_codelist_extends_only_another_and_only_its_groups(codes: str, base: str, says: str, make: Make) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(with_more(make, codes, base))
    assert str(refused.value).startswith(f"features/codelists/codelists.toml [more]: {says}")


# ---- Words that features compare columns with ----


def test_the_words_that_features_outcomes_and_their_inputs_compare_a_column_with_are_found(make: Make) -> None:
    contacts = """\
import numpy as np
from riskstrat.definitions import count, derive, latest, none_of
from riskstrat.sources.tables import all_falls, contacts, diagnoses, measurements

seen = contacts.filter(none_of(contacts.service, ("gp", "memory_clinic")), contacts.service != "dental")
many = count(seen, lookback="7d", missing=0, {WORDS})
grip = measurements.filter(measurements.measure == "grip_strength")
doubled = derive(
    {{"x": latest(grip.value, lookback="7d", missing=None, {WORDS})}}, np.sum, missing=None, {WORDS}
)
wards = count(diagnoses.filter(diagnoses.specialty.isin(["430"])), lookback="7d", missing=0, {WORDS})
merged = count(all_falls.filter(all_falls.source == "telecare"), lookback="7d", missing=0, {WORDS})
"""
    files = {"features__contacts_py": contacts.format(WORDS=WORDS)}
    assert find_compared_words(load(make(**files))) == {
        ("admissions", "method"): frozenset({"21"}),
        ("admissions", "specialty"): frozenset({"430"}),
        ("contacts", "service"): frozenset({"gp", "memory_clinic", "dental"}),
        ("measurements", "measure"): frozenset({"grip_strength"}),
    }
