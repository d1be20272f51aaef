"""Somebody at a page who has a keyboard and nothing else."""

from __future__ import annotations

from playwright.sync_api import Page

MOST_STOPS = 90
"""After so many presses of Tab anybody would have given up."""

FOCUSED = """() => {
  const at = document.activeElement, labels = at.labels;
  return (labels && labels.length ? labels[0] : at).textContent.trim();
}"""
"""What the label of a field says, and what stands in a link or button."""


class Keyboard:
    """Counts the keys that were pressed; a word counts each of its letters."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, key: str) -> None:
        """One key."""
        self.page.keyboard.press(key)
        self.pressed += 1

    def reach(self, name: str) -> None:
        """Tab on until what has the focus is called this."""
        met = []
        for _ in range(MOST_STOPS):
            self.press("Tab")
            met.append(self.page.evaluate(FOCUSED))
            if met[-1] == name:
                return
        raise AssertionError(f"{name!r} is not reached with Tab: {met}")

    def type_into(self, name: str, words: str) -> None:
        """Reach a field and type; in a field of choices that chooses."""
        self.reach(name)
        self.page.keyboard.type(words)
        self.pressed += len(words)

    def follow(self, name: str) -> None:
        """Reach a link or button, press Enter, and wait for the page that it leads to."""
        self.reach(name)
        with self.page.expect_navigation():
            self.press("Enter")
