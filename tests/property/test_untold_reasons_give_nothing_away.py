"""Of the stays that read "another reason" at most 1 in 5 is a sensitive one, whatever else a reader sees of them.

Which stays are sensitive is worked out from the landed source with plain pandas. Stays that are not coded yet are left
out of the count: a page says of them that they have no diagnoses.
"""

from __future__ import annotations

import csv
from itertools import combinations
from math import comb
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.people.told_reasons import ANOTHER, ReasonRules, tell_stays, tell_visits
from riskstrat.people.untold_shares import RecentEvents, raise_for_stays, raise_for_visits
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import open_store
from riskstrat.workspace import Workspace, load

ROOT = Path(__file__).resolve().parents[2]
EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2D")
STRATA = ("age", "sex", "quarter", "nights", "destination", "estimate")
MOST, FEWEST = 0.2, 30
BY_CHANCE = 0.001


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


def tell(workspace: Workspace, folder: Path, people: int, seed: int, years: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The emergency stays and the A&E visits of adults in the two years of a timeline, one row each.

    Columns: the strata that a reader may see, `reason` as it is told, and whether it is `sensitive`.
    """
    source = folder / "source"
    simulate(people, seed, source, years=years)
    ingest(source, folder / "store", workspace.settings)
    store = open_store(folder / "store")
    landed = {path.stem: pd.read_parquet(path) for path in source.glob("*.parquet")}
    as_at = f"valid_from <= DATE '{store.data_as_at}' AND valid_to > DATE '{store.data_as_at}'"
    with store.connect(workspace.codelists, printable=True) as backend:
        read = {
            name: backend.execute(f"SELECT * FROM {schema}.{name} WHERE {as_at}").to_arrow_table().to_pandas()
            for schema, name in (("main", "admissions"), ("whole", "diagnoses"), ("main", "attendances"))
        }
    born = store.people().set_index("patient_id")["date_of_birth"]
    rules = ReasonRules(workspace.codelists, workspace.settings.sensitive, born)
    borough = RecentEvents(store, store.data_as_at, 731)
    stays = read["admissions"][read["admissions"]["method"].isin(EMERGENCY)]
    stays = stays.assign(admitted_on=pd.to_datetime(stays["admitted_on"]))
    stays = stays.assign(reason=tell_stays(stays, read["diagnoses"], raise_for_stays(rules, borough)))
    visits = read["attendances"].assign(attended_on=pd.to_datetime(read["attendances"]["attended_on"]))
    visits = visits.assign(reason=tell_visits(visits, stays, raise_for_visits(rules, borough)))
    whole = pd.read_parquet(source / "attendances.parquet")
    secret = whole[whole["complaint"].isin(["OVERDOSE", "INTOXICATED"])]
    secret_days = set(zip(secret["patient_id"], pd.to_datetime(secret["attended_on"]), strict=True))
    visits["sensitive"] = [key in secret_days for key in zip(visits["patient_id"], visits["attended_on"], strict=True)]
    visits["destination"], visits["nights"] = visits["arrival_mode"], 0
    coded = stays[stays["spell"].isin(read["diagnoses"]["spell"])]
    coded = coded.assign(sensitive=coded["spell_id"].isin(find_sensitive_stays(landed)))
    truth = pd.read_parquet(folder / "source_truth" / "truth.parquet").drop_duplicates("patient_id", keep="last")
    when = pd.Timestamp(store.data_as_at)
    return stratify(coded, "admitted_on", landed, truth, when), stratify(visits, "attended_on", landed, truth, when)


def find_sensitive_stays(landed: dict[str, pd.DataFrame]) -> set[str]:
    """Stays with a sensitive main diagnosis, or an injury with a cause that is self-harm or assault."""
    with (ROOT / "features/codelists/sensitive.csv").open(encoding="utf-8") as file:
        codes = tuple(row["code"] for row in csv.DictReader(file) if row["system"] == "icd10")
    coded = landed["diagnoses"]
    main = coded[coded["position"] == 1]
    harmed = coded["spell_id"][coded["code"].str.startswith(tuple(code for code in codes if code[0] in "XY"))]
    injured = main["code"].str[0].isin(["S", "T"]) & main["spell_id"].isin(harmed)
    return set(main["spell_id"][main["code"].str.startswith(codes) | injured])


def stratify(
    rows: pd.DataFrame, day: str, landed: dict[str, pd.DataFrame], truth: pd.DataFrame, when: pd.Timestamp
) -> pd.DataFrame:
    people = landed["people"].set_index("patient_id")
    age = (when - pd.to_datetime(rows["patient_id"].map(people["date_of_birth"]))).dt.days / 365.25
    made = rows.assign(
        age=pd.cut(age, [0, 18, 45, 65, 75, 85, 130], right=False).astype(str),
        sex=rows["patient_id"].map(people["sex"]),
        quarter=(when - rows[day]).dt.days // 91,
        estimate=pd.cut(rows["patient_id"].map(truth.set_index("patient_id")["true_risk"]), [0, 0.1, 0.2, 0.4, 1]),
    )
    if "discharged_on" in rows:
        nights = (pd.to_datetime(rows["discharged_on"]) - rows[day]).dt.days
        made["nights"] = pd.cut(nights, [-1, 0, 3, 7, 14, 9999])
    return made[(age >= 18) & (made["quarter"] < 8)].astype(dict.fromkeys(STRATA, str))


def chance(number: int, of: int) -> float:
    """How likely as many or more are, were 1 in 5 of them sensitive."""
    return sum(comb(of, n) * MOST**n * (1 - MOST) ** (of - n) for n in range(number, of + 1))


def require_nothing_given_away(rows: pd.DataFrame) -> None:
    """No stratum of one thing has more than 1 in 5; none of two things has by more than chance."""
    untold = rows[rows["reason"] == ANOTHER]
    assert rows["sensitive"].sum() > 0
    assert rows["reason"][rows["sensitive"]].isin([ANOTHER, None]).all()
    old = ~rows["age"].isin(["[18, 45)", "[45, 65)"])
    assert 0.1 < (rows["reason"][old] == ANOTHER).mean() < 0.9
    for names in [(name,) for name in STRATA] + list(combinations(STRATA, 2)):
        found = untold.groupby(list(names))["sensitive"].agg(["sum", "size"])
        for stratum, (number, of) in found[found["size"] >= FEWEST].iterrows():
            share, told = number / of, (names, stratum, int(number), int(of))
            assert share <= MOST or (len(names) > 1 and chance(int(number), int(of)) > BY_CHANCE), told


def test_the_words_another_reason_tell_nothing(workspace: Workspace, tmp_path: Path) -> None:
    stays, visits = tell(workspace, tmp_path, 2_000, 2, 4)
    require_nothing_given_away(stays)
    require_nothing_given_away(visits)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_words_another_reason_tell_nothing_in_three_boroughs(
    workspace: Workspace, tmp_path: Path, seed: int
) -> None:
    stays, visits = tell(workspace, tmp_path, 4_000, seed, 9)
    require_nothing_given_away(stays)
    require_nothing_given_away(visits)
