"""Teams that could both claim a person, or a reference, are refused as riskstrat.toml is read."""

from pathlib import Path

import pytest

from riskstrat.errors import WorkspaceError
from riskstrat.workspace import load

NORTH = '[[teams]]\nname = "North"\ncode = "NOR"\nlocalities = ["North"]\npractices = ["X99001"]\n'


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ('name = "North"\ncode = "EAS"', 'the name "North"'),
        ('name = "NORTH"\ncode = "EAS"', 'the name "North", in'),
        ('name = "East"\ncode = "EAS"\nlocalities = ["north"]', 'the locality "North"'),
        ('name = "East"\ncode = "NOR"', 'the code "NOR"'),
        ('name = "East"\ncode = "EAS"\nlocalities = ["North"]', 'the locality "North"'),
        ('name = "East"\ncode = "EAS"\npractices = ["X99001"]', 'the practice "X99001"'),
    ],
)
def test_two_teams_cannot_share_what_makes_a_team(other: str, shared: str, tmp_path: Path) -> None:
    (tmp_path / "riskstrat.toml").write_text(f"{NORTH}\n[[teams]]\n{other}\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=f"two teams have {shared}.*; it can belong to one"):
        load(tmp_path)


@pytest.mark.parametrize("team", ['name = " "', 'name = "East "', 'name = "East"\nlocalities = [""]'])
def test_a_name_with_blanks_around_it_would_match_nothing(team: str, tmp_path: Path) -> None:
    (tmp_path / "riskstrat.toml").write_text(f'[[teams]]\n{team}\ncode = "EAS"\n', encoding="utf-8")
    with pytest.raises(WorkspaceError, match="is blank or has blanks around it, so nothing matches it"):
        load(tmp_path)


@pytest.mark.parametrize("code", ["CON", "PRN", "AUX", "NUL"])
def test_no_team_has_a_code_that_names_no_folder_on_windows(code: str, tmp_path: Path) -> None:
    (tmp_path / "riskstrat.toml").write_text(f'[[teams]]\nname = "East"\ncode = "{code}"\n', encoding="utf-8")
    with pytest.raises(WorkspaceError, match=f'no folder can be named "{code}" on Windows; give the team another code'):
        load(tmp_path)
