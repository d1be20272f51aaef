"""Whatever became of a file that a person or an earlier run wrote: it is read, or refused in one line; nothing else."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from riskstrat.definitions.assurance import Assurance
from riskstrat.definitions.baselines import Baselines
from riskstrat.definitions.changeable import Opportunities
from riskstrat.definitions.cohorts import CohortRules
from riskstrat.definitions.declared import Declared, read
from riskstrat.definitions.falls_rules import FallsRules
from riskstrat.definitions.flags import Flags
from riskstrat.definitions.frailty import FrailtyScores
from riskstrat.definitions.hazards import Hazards
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.definitions.pathways import Pathways
from riskstrat.definitions.promotion import PromotionPolicy
from riskstrat.definitions.recipes import Recipe
from riskstrat.definitions.roles import Roles
from riskstrat.definitions.settings import Settings
from riskstrat.definitions.trial import TrialLimits
from riskstrat.errors import RiskstratError, WorkspaceError
from riskstrat.publication import parse_list
from riskstrat.reviews import parse_snapshot, read_filled
from riskstrat.storage.files import read_toml
from riskstrat.workspace.codelists import read_codelists
from riskstrat.workspace.modules import run
from tests.fuzz.mutants import SECRET, mutate

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MESSAGE, LONGEST_SECONDS = 1200, 5.0
Reader = Callable[[Path], object]

DECLARED: dict[str, type[Declared]] = {
    "riskstrat.toml": Settings,
    "training/baselines.toml": Baselines,
    "training/changeable.toml": Opportunities,
    "training/cohorts.toml": CohortRules,
    "training/falls_criteria.toml": FallsRules,
    "training/flags.toml": Flags,
    "training/frailty.toml": FrailtyScores,
    "training/pathways.toml": Pathways,
    "training/roles.toml": Roles,
    "registry/hazards.toml": Hazards,
    "registry/assurance.toml": Assurance,
    "registry/monitoring.toml": MonitoringPlan,
    "registry/promotion.toml": PromotionPolicy,
    "registry/trial.toml": TrialLimits,
}
RETURNED = (
    "Reference,Status checked,Outcome 1,Outcome 2,Outcome 3,Agree,Note,Owner 1,Owner 2,Owner 3,Due 1,Due 2,Due 3,"
    "Decided on,Decided by,List\n"
    "NHU-001-A,Yes,Telecare,Falls service,,Yes,Lives alone,AB,,,01/12/2026,,,17/11/2026,MDT,NHU 2026-11-16 edition 1\n"
    'NHU-002-B,,Monitor,,,No,"Two\nlines",,,,,,,17 November 2026,,NHU 2026-11-16 edition 1\n'
    "NHU-003-C,,,,,,,,,,,,,,,NHU 2026-11-16 edition 1\n"
)


def read_declared(kind: type[Declared], where: str) -> Reader:
    return lambda path: read(kind, read_toml(path, where, WorkspaceError), where, WorkspaceError)


def read_recipe(path: Path) -> object:
    return read(Recipe, read_toml(path, "training/recipe.toml", WorkspaceError) | {"name": "r"}, "r", WorkspaceError)


def read_one_codelist(path: Path) -> object:
    """The file as the only codelist of a workspace whose codelists.toml has its hash."""
    folder = path.parent / "features" / "codelists"
    folder.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes()
    (folder / "falls.csv").write_bytes(content)
    digest = hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
    words = "".join(f'{key} = "x"\n' for key in ("title", "source", "version", "licence", "clinical_owner"))
    (folder / "codelists.toml").write_text(f'[falls]\n{words}sha256 = "{digest}"\n', encoding="utf-8")
    return read_codelists(path.parent)


def shipped(name: str) -> bytes:
    return (ROOT / name).read_bytes()


READERS: dict[str, tuple[bytes, str, Reader]] = {
    **{name: (shipped(name), "file.toml", read_declared(kind, name)) for name, kind in DECLARED.items()},
    "a recipe": (shipped("training/emergency_admission_12m.toml"), "recipe.toml", read_recipe),
    "a codelist": (shipped("features/codelists/palliative.csv"), "list.csv", read_one_codelist),
    "outcomes.py": (shipped("training/outcomes.py"), "outcomes.py", lambda path: run(path, "training/outcomes.py")),
    "a returned list": (RETURNED.encode(), "returned.csv", read_filled),
    "list.json": (b'{\n  "format": 3,\n  "list": {}\n}\n', "list.json", lambda path: parse_list(path.read_bytes())),
    "kept reviews": (
        b"patient_id,list_date,team,outcome\np1,2026-11-16,North,telecare\n",
        "reviews.csv",
        lambda path: parse_snapshot(path.read_bytes()),
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_a_mutant_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    read_mutants(name, tmp_path, range(40))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", READERS)
def test_ten_thousand_mutants_are_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    read_mutants(name, tmp_path, range(1_000, 1_000 + 10_000 // len(READERS)))


ABOUT_PEOPLE = ("a returned list", "kept reviews")
"""Files whose values no message may repeat."""


def read_mutants(name: str, folder: Path, seeds: range) -> None:
    content, file, reader = READERS[name]
    for seed in seeds:
        path = folder / file
        path.write_bytes(mutate(content, seed))
        began = time.perf_counter()
        try:
            reader(path)
        except RiskstratError as refused:
            said = str(refused)
            assert said, seed
            assert len(said) <= LONGEST_MESSAGE, (seed, len(said))
            assert said.isprintable(), (seed, said)
            assert name not in ABOUT_PEOPLE or SECRET not in said, (seed, said)
        except Exception as escaped:
            raise AssertionError(f"{name}, seed {seed}: {type(escaped).__name__}: {escaped}") from escaped
        assert time.perf_counter() - began < LONGEST_SECONDS, seed


def test_the_mutants_are_mutants_and_come_again_by_their_seed() -> None:
    content = shipped("riskstrat.toml")
    made = [mutate(content, seed) for seed in range(100)]
    assert made == [mutate(content, seed) for seed in range(100)]
    assert sum(one != content for one in made) > 90
