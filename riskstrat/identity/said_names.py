"""Whether a text says who a person is by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_INSIDE = re.compile("['\u2019\u2018\u02bc`]")
_SHORTEST = 3

_ORDINARY = (
    "a about after again age all an and any april are as asked at august autumn away back bank be before best board "
    "book by call calls came can care carer carers case cases change check child children church clinic clinical "
    "close community complex contact copy council day days dean discussion district do doctor done down drop each "
    "early east end english evening fall falls family field first five follow for four friday from full good green "
    "group had hall has have he health help high hill her him his holiday home hospital house how hub hunt i in "
    "incident into is it its joint june king land lane last late law lead leave left list lists little long look "
    "love made major man manager march mark may mdt medical meeting miss missing monday monthly moon more morning "
    "my name named near new next night no noon north not note notes now nurse nursing of office old on one open or "
    "order other our out over page pages paper park part people person place plan planned pool practice price "
    "primary print queen question ready reason records referral request review reviews rich rise road room round "
    "rush safe safeguarding saturday school season see seen senior service set sharp she sheet short sister six "
    "small so social some south spring staff start status street summer sunday support table talk task team teams "
    "ten than that the their them then there these they this three thursday time to today tomorrow town tuesday two "
    "under update urgent us use version view visit visits wait ward was way we wednesday week weekly weeks well "
    "west what when white will winter wise with wood work worker xlsx csv year young your january february july "
    "september october november december direct subject access naming kept need needs pdf html frailty prevention "
    "rota preparation prepare preparing"
)
ORDINARY = frozenset(_ORDINARY.split())
"""Words that reasons and file names are written with and that are also names: they say nobody by themselves."""


@dataclass(frozen=True)
class SaidNames:
    """The names of people, to look for in a text: all their words, and each name as its words."""

    words: frozenset[str]
    wholes: frozenset[frozenset[str]]

    def has_word_in(self, text: str, but: Iterable[str] = ()) -> bool:
        """Whether a word of somebody's name stands in a text, unless it is an ordinary word or one of `but`."""
        passed = ORDINARY.union(*map(split_words, but))
        return bool((split_words(text) & self.words) - passed) or self.has_whole_in(text)

    def has_whole_in(self, text: str) -> bool:
        """Whether the whole name of somebody stands in a text, in whatever order, if it has two words or more."""
        words = split_words(text)
        return any(whole <= words for whole in self.wholes) if words & self.words else False


def collect_names(people: Iterable[Mapping[str, str]], names: Iterable[str] = ()) -> SaidNames:
    """The names of people as the store holds them, and further names."""
    each = {text for text in (*(person.get("name", "") for person in people), *names) if text}
    wholes = frozenset(frozenset(split_words(text)) for text in each)
    words = frozenset(word for whole in wholes for word in whole if len(word) >= _SHORTEST)
    return SaidNames(words - {"mrs", "miss", "sir", "rev", "prof"}, frozenset(one for one in wholes if len(one) > 1))


def split_words(text: str) -> set[str]:
    """The words of a text without case, accents and invisible characters; O'Neil is three: o, neil and oneil."""
    written = _CAMEL.sub(" ", text)
    plain = unicodedata.normalize("NFKD", f"{written} {_INSIDE.sub('', written)}")
    kept = "".join(sign for sign in plain if unicodedata.category(sign) not in ("Mn", "Me", "Cf"))
    return {word.casefold() for word in _WORD.findall(kept)}
