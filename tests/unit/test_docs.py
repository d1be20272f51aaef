"""The pages say what the code does: every verb, option, table, room and exit code, and every link leads somewhere."""

import inspect
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import remake

from riskstrat import errors
from riskstrat.definitions.schemas import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
PAGES |= {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")}
VERBS = remake.verbs()


def rows_of(table_under: str, page: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = PAGES[page].split(f"\n## {table_under}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[0].splitlines()[2:]]


@pytest.mark.parametrize(("page", "parts"), list(remake.page_parts().items()))
def test_the_made_parts_of_the_pages_are_as_the_code_has_them(page: str, parts: dict[str, str]) -> None:
    text = PAGES[f"docs/{page}.md"]
    assert [name for _, name, _ in remake.PART.findall(text)] == list(parts)
    assert text == remake.remade(text, parts), "run: python docs/remake.py"


def test_every_option_of_every_verb_is_documented() -> None:
    parts = remake.command_parts()
    for name, command in VERBS.items():
        part = parts[name]
        for param in command.params:
            wanted = [param.name.upper()] if param.param_type_name == "argument" else param.opts
            assert all(f"`{option}`" in part for option in wanted), f"{name} {wanted}"


def test_every_table_and_column_is_documented() -> None:
    parts = remake.table_parts()
    assert [
        f"{name}.{c.name}" for name, s in SCHEMAS.items() for c in s.columns if f"`{c.name}`" not in parts[name]
    ] == []


def test_the_readme_has_every_verb_once_and_in_order() -> None:
    rows = rows_of("The verbs, in the order in which data flow", "README.md")
    assert [row[0].strip("`| ") for row in rows] == list(VERBS)


def examples() -> list[tuple[str, str]]:
    """Every command line that a page shows."""
    fenced = [
        (page, line)
        for page, text in PAGES.items()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    inline = [(page, line) for page, text in PAGES.items() for line in re.findall(r"`(riskstrat \w[^`\n]*)`", text)]
    return sorted({*fenced, *inline})


@pytest.mark.parametrize(("page", "line"), examples())
def test_every_example_is_a_command_that_parses(page: str, line: str) -> None:
    program, *words = shlex.split(line)
    verb = verb_of(words)
    assert program == "riskstrat", page
    VERBS[verb].make_context(verb, words[len(verb.split()) :])


def verb_of(words: list[str]) -> str:
    """The verb that a command line begins with, of one word or two."""
    both = " ".join(words[:2])
    return both if both in VERBS else words[0]


def test_every_verb_has_an_example() -> None:
    shown = {verb_of(shlex.split(line)[1:]) for _, line in examples()}
    assert set(VERBS) - shown == set()


def test_the_exit_codes_are_those_of_the_errors() -> None:
    family = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.RiskstratError)]
    meaning = {
        str(one.exit_code): re.sub(rf" \(exit code {one.exit_code}\)\.$", "", inspect.getdoc(one) or "")
        for one in family
        if one is not errors.RiskstratError
    }
    shown = {row[0].strip("| "): row[1].strip("| ") for row in rows_of("When something goes wrong", "README.md")}
    assert {code: says for code, says in shown.items() if code not in ("0", "2", "130")} == meaning


def test_the_rooms_of_the_maintainers_page_stand_on_the_floors_of_the_contract() -> None:
    rooms = {row[1].strip("`"): int(row[0].strip("| ")) for row in rows_of("The rooms", "docs/maintainer.md")}
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (floors,) = [one["layers"] for one in contract["contracts"] if one["id"] == "floors"]
    floor_of = {
        room.strip(): len(floors) - place
        for place, layer in enumerate(floors)
        for room in layer.split("|")
        if room.strip() != "__main__" and any((ROOT / "riskstrat").glob(f"{room.strip()}*"))
    }
    assert rooms == floor_of


def anchors(text: str) -> set[str]:
    """What a link may point to inside a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    lost = []
    for page, text in PAGES.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            name, _, anchor = target.partition("#")
            path = (ROOT / page).parent / name if name else ROOT / page
            if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
                lost.append((page, target))
    assert lost == []


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    words = re.findall(r"^\*\*(.+?)\.\*\*", PAGES["docs/glossary.md"], re.MULTILINE)
    assert [word.lower() for word in words] == sorted({word.lower() for word in words})
    assert len(words) >= 30


def test_pictures_are_small() -> None:
    assert {
        path.name: path.stat().st_size for path in (ROOT / "docs").glob("*.png") if path.stat().st_size > 200_000
    } == {}
