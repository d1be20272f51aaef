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
        ('name = "East"\ncode = "NOR"', 'the code "NOR"'),
        ('name = "East"\ncode = "EAS"\nlocalities = ["North"]', 'the locality "North"'),
        ('name = "East"\ncode = "EAS"\npractices = ["X99001"]', 'the practice "X99001"'),
    ],
)
def test_two_teams_cannot_share_what_makes_a_team(other: str, shared: str, tmp_path: Path) -> None:
    (tmp_path / "riskstrat.toml").write_text(f"{NORTH}\n[[teams]]\n{other}\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=f"two teams have {shared}; it can belong to one"):
        load(tmp_path)
