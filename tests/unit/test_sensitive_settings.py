"""Sensitive records in the score: only with an approval, and never taken for a model made without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.settings import SensitiveSettings
from riskstrat.publication import round_strength
from riskstrat.sources.sensitive import mark_coded, mark_values
from riskstrat.workspace import load
from riskstrat.workspace.codelists import read_codelists
from riskstrat.workspace.fingerprints import fingerprints_of

ROOT = Path(__file__).resolve().parents[2]


def test_sensitive_records_count_in_the_score_only_with_the_reference_of_an_approval() -> None:
    assert not SensitiveSettings().in_score
    assert SensitiveSettings(in_score=True, approval="CAG 12").approval == "CAG 12"
    for reference in ("", "  "):
        with pytest.raises(ValueError, match="needs approval"):
            SensitiveSettings(in_score=True, approval=reference)


def test_a_model_made_one_way_has_other_fingerprints_than_one_made_the_other_way() -> None:
    site = load(ROOT)
    sensitive = site.codelists["sensitive"]
    shorter = site.codelists | {"sensitive": replace(sensitive, entries=sensitive.entries[1:])}
    stays = site.settings.admissions.continuous_stays
    made = [
        fingerprints_of(site.features, site.codelists, site.origins, stays),
        fingerprints_of(site.features, site.codelists, site.origins, stays, "sensitive"),
        fingerprints_of(site.features, shorter, site.origins, stays, "sensitive"),
    ]
    assert made[1] == site.fingerprints
    for name in site.features:
        assert len({each[name] for each in made}) == 3


def test_every_row_of_the_sensitive_list_has_a_tier_a_source_and_an_owner() -> None:
    heading, *lines = (ROOT / "features/codelists/sensitive.csv").read_text(encoding="utf-8").splitlines()
    assert heading == "system,code,group,tier,description,source,owner"
    tiers: dict[str, set[str]] = {}
    for line in lines:
        _, _, group, tier, _ = line.split(",", 4)
        tiers.setdefault(group, set()).add(tier)
        assert not line.endswith(",")
    assert tiers == {
        "HIV": {"never"},
        "Sexually transmitted infection": {"never"},
        "Termination of pregnancy": {"never"},
        "Assisted conception": {"never"},
        "Gender identity": {"never"},
        "Self-harm": {"by role"},
        "Alcohol and drugs": {"by role"},
        "Abuse": {"by role"},
        "Prison": {"by role"},
    }


@pytest.mark.parametrize(
    ("system", "code", "hidden"),
    [
        ("icd10", "F102", True),
        ("icd10", "F172", False),
        ("icd10cm", "T391X2A", True),
        ("icd10", "T391X2A", True),
        ("icd10", "T391X1A", False),
        ("icd10cm", "T3692XA", True),
        ("icd10cm", "T40602A", True),
        ("icd10cm", "T1491XA", True),
        ("icd10cm", "Z332", True),
        ("icd10cm", "Z6511", True),
        ("icd10cm", "X60", True),
        ("icd9", "3051", False),
        ("icd9", "30500", True),
        ("snomed", "86406008", True),
        ("snomed", "8640600", False),
        ("snomed", "864060081", False),
        ("register", "SUBSTANCE_MISUSE", True),
        ("register", "SUBSTANCE", False),
    ],
)
def test_the_shipped_list_hides(system: str, code: str, hidden: bool) -> None:
    rows = pd.DataFrame({"system": [system], "code": [code]})
    assert mark_coded(rows, read_codelists(ROOT)[0]["sensitive"]).tolist() == [hidden]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("drug_and_alcohol", True),
        ("Community Drugs Team", True),
        ("self-harm follow-up", True),
        ("GUM clinic", True),
        ("gum_disease", True),
        ("gums", False),
        ("hearing_aids", False),
        ("drugstore", False),
        ("genderless", False),
        (None, False),
    ],
)
def test_words_of_services_match_whole(text: str | None, hidden: bool) -> None:
    values = pd.Series([text], dtype="string")
    assert mark_values(values, read_codelists(ROOT)[0]["sensitive"], ("phrase",)).tolist() == [hidden]


def test_an_empty_list_hides_nothing() -> None:
    rows = pd.DataFrame({"system": ["icd10"], "code": ["F102"]})
    assert mark_coded(rows, Codelist("sensitive", (), "")).tolist() == [False]


@pytest.mark.parametrize(
    ("size", "step"),
    [(0.0, 0.0), (0.049, 0.0), (0.05, 0.1), (0.18, 0.1), (0.19, 0.4), (0.69, 0.4), (0.7, 1.0), (9, 1.0)],
)
def test_what_is_published_of_a_contribution_is_its_step_and_its_sign(size: float, step: float) -> None:
    assert (round_strength(size), round_strength(-size)) == (step, -step)
