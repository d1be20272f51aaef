"""Which spells were one continuous stay, and from which day to which that was known: compiled, one pass a person.

Spells come by person and day of admission. Whenever one became known, or its end did, only the stays around it are
joined anew, so a person with a thousand spells costs no more than a thousand people with one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FOREVER = 2_932_896
"""9999-12-31 in days since 1970-01-01: the end of a version that still stands, and a day that never comes."""

SPELL = np.dtype(
    [
        *((name, np.int32) for name in ("admitted", "discharged", "known", "settled", "same_first", "same_last")),
        *((name, np.bool_) for name in ("comes", "leaves", "home", "anew", "apart")),
    ],
    align=True,
)
"""One spell: its days, the first and last place of the spells of its day of admission, and what its codes say.

settled is when its end became known. comes, leaves: by a transfer. home: to where a stay ends. anew: admitted as if
from home. apart: never joined."""

STATE = np.dtype(
    [
        *((name, np.int32) for name in ("told", "stay", "stay_from", "last", "row_from", "ended_by")),
        *((name, np.int32) for name in ("new_stay", "new_last", "new_ended_by", "whole_first", "whole_stay")),
        *((name, np.bool_) for name in ("first_settled", "last_settled", "whole_settled", "is_told_whole")),
    ],
    align=True,
)
"""What is known of one spell on the day that is looked at.

told: 0 nothing, 1 admitted, 2 ended too. stay: the first spell of its stay, since stay_from. Of a first spell: the row
of its stay, as ROW has it. whole_first, whole_stay: the first spell of its stay on the day that it ended, -1 for none.
"""

ROW = ("first", "last", "first_settled", "last_settled", "ended_by", "valid_from", "valid_to")
"""One version of a stay, by places of spells."""

MEMBER = ("spell", "stay", "valid_from", "valid_to")
"""One spell's stay in a period, by places of spells."""

UNKNOWN, OPEN, ENDED = 0, 1, 2


@njit(cache=True, nogil=True)
def tell_stays(start, spells, days, state, order, rows, members, used):  # type: ignore[no-untyped-def]
    """Fill `rows` and `members`; `used` has the numbers of both, also where they were too short to hold them all."""
    used[:] = 0
    for person in range(len(start) - 1):
        begin, end = start[person], start[person + 1]
        times, who = _order_events(begin, end, spells)
        at = 0
        while at < len(times):
            day, low, high = times[at], end, begin
            while at < len(times) and times[at] == day:
                state[who[at]].told = ENDED if spells[who[at]].settled <= day else OPEN
                low = min(low, spells[who[at]].same_first)
                high = max(high, spells[who[at]].same_last)
                at += 1
            low = _extend_back(low, high, begin, spells, state, order)
            high = _extend_forward(low, high, end, spells, state, order)
            _order_same_days(low, high, spells, state, order)
            _join(low, high, end, days, spells, state, order)
            _replace_rows(low, high, day, spells, state, rows, members, used)
        _finish(begin, end, spells, state, rows, members, used)


@njit(cache=True, nogil=True)
def _order_events(begin, end, spells):  # type: ignore[no-untyped-def]
    """The days on which something became known of a person's spells, and of which spell."""
    times = np.empty(2 * (end - begin), np.int64)
    who = np.empty(2 * (end - begin), np.int64)
    count = 0
    for i in range(begin, end):
        for day in (spells[i].known, spells[i].settled):
            if day < FOREVER:
                times[count] = day
                who[count] = i
                count += 1
    by_time = np.argsort(times[:count], kind="mergesort")
    return times[by_time], who[by_time]


@njit(cache=True, nogil=True)
def _extend_back(low, high, begin, spells, state, order):  # type: ignore[no-untyped-def]
    """The first place of the stays that a change from `low` on can touch: the one before, and whole stays only."""
    before = low - 1
    while before >= begin and state[order[before]].told == UNKNOWN:
        before -= 1
    if before >= begin:
        low = spells[state[order[before]].stay].same_first
    while True:
        place = low
        while place <= high and state[order[place]].stay < 0:
            place += 1
        if place > high or spells[state[order[place]].stay].same_first >= low:
            return low
        low = spells[state[order[place]].stay].same_first


@njit(cache=True, nogil=True)
def _extend_forward(low, high, end, spells, state, order):  # type: ignore[no-untyped-def]
    after = high + 1
    while after < end and state[order[after]].told == UNKNOWN:
        after += 1
    if after < end:
        high = spells[state[state[order[after]].stay].last].same_last
    while True:
        place = high
        while place >= low and state[order[place]].stay < 0:
            place -= 1
        if place < low:
            return high
        last = state[state[order[place]].stay].last
        if spells[last].same_last <= high:
            return high
        high = spells[last].same_last


@njit(cache=True, nogil=True)
def _order_same_days(low, high, spells, state, order):  # type: ignore[no-untyped-def]
    """Put the spells of each day of admission in order: by their ends, then by what they say of transfers."""
    place = low
    while place <= high:
        first, last = spells[place].same_first, spells[place].same_last
        if last > first:
            arrival = False
            for i in range(first, last + 1):
                arrival |= state[i].told != UNKNOWN and spells[i].comes
            for i in range(first, last + 1):
                at = i
                while at > first and _rank(order[at - 1], arrival, spells, state) > _rank(i, arrival, spells, state):
                    order[at] = order[at - 1]
                    at -= 1
                order[at] = i
        place = last + 1


@njit(cache=True, nogil=True)
def _rank(i, arrival, spells, state):  # type: ignore[no-untyped-def]
    """The place of a spell among those of its day of admission.

    An end that is not known is the last, unless another spell of the day came by a transfer and this one did not.
    """
    if state[i].told == UNKNOWN:
        return 8 * FOREVER
    comes, leaves = spells[i].comes, state[i].told == ENDED and spells[i].leaves
    end = spells[i].discharged if state[i].told == ENDED else FOREVER
    if state[i].told == OPEN and arrival and not comes:
        end = spells[i].admitted
    transit = (2 if leaves else 3) if comes else (1 if leaves else 0)
    return 4 * np.int64(end) + transit


@njit(cache=True, nogil=True)
def _join(low, high, end, days, spells, state, order):  # type: ignore[no-untyped-def]
    """Work out the new stays of the places from `low` to `high`, which hold whole stays."""
    before = -1
    for place in range(low, high + 1):
        i = order[place]
        if state[i].told == UNKNOWN:
            continue
        if before >= 0 and _goes_on(before, i, days, spells, state):
            state[i].new_stay = state[before].new_stay
        else:
            state[i].new_stay = i
            if before >= 0:
                _end_stay(before, spells[i].admitted, spells, state)
        before = i
    after = high + 1
    while after < end and state[order[after]].told == UNKNOWN:
        after += 1
    if before >= 0:
        _end_stay(before, spells[order[after]].admitted if after < end else FOREVER, spells, state)


@njit(cache=True, nogil=True)
def _goes_on(first, second, days, spells, state):  # type: ignore[no-untyped-def]
    """Whether `second` continues the stay of `first`; an end that is not known is the day the next spell began."""
    one, other = spells[first], spells[second]
    if days < 0 or one.apart or other.apart:
        return False
    if state[first].told == OPEN:
        return other.comes
    gap = other.admitted - one.discharged
    if gap < 0 or gap > days or (one.home and other.anew):
        return False
    return one.leaves or other.comes


@njit(cache=True, nogil=True)
def _end_stay(last, next_admitted, spells, state):  # type: ignore[no-untyped-def]
    first = state[last].new_stay
    state[first].new_last = last
    state[first].new_ended_by = spells[last].discharged if state[last].told == ENDED else next_admitted


@njit(cache=True, nogil=True)
def _replace_rows(low, high, day, spells, state, rows, members, used):  # type: ignore[no-untyped-def]
    """End on `day` the versions that no longer hold, and begin those that do."""
    for i in range(low, high + 1):
        now = state[i]
        if now.told == UNKNOWN:
            continue
        is_first = now.new_stay == i
        first_settled = now.told == ENDED
        last_settled = is_first and state[now.new_last].told == ENDED
        same = is_first and now.last == now.new_last and now.ended_by == now.new_ended_by
        if not (same and now.first_settled == first_settled and now.last_settled == last_settled):
            if now.last >= 0:
                _put_row(i, day, spells, state, rows, used)
            now.last = now.new_last if is_first else -1
            now.row_from, now.ended_by = day, now.new_ended_by
            now.first_settled, now.last_settled = first_settled, last_settled
        if now.stay != now.new_stay:
            if now.stay >= 0:
                _put_member(i, day, spells, state, members, used)
            now.stay, now.stay_from = now.new_stay, day


@njit(cache=True, nogil=True)
def _put_row(i, until, spells, state, rows, used):  # type: ignore[no-untyped-def]
    now = state[i]
    _note_whole_row(i, until, spells, state)
    _write_row(rows, used, i, now.last, now.first_settled, now.last_settled, now.ended_by, now.row_from, until)


@njit(cache=True, nogil=True)
def _put_member(i, until, spells, state, members, used):  # type: ignore[no-untyped-def]
    _note_whole_member(i, until, spells, state)
    _write_member(members, used, i, state[i].stay, state[i].stay_from, until)


@njit(cache=True, nogil=True)
def _note_whole_row(i, until, spells, state):  # type: ignore[no-untyped-def]
    """Remember the version that stood on the day on which its last spell ended, known then or not."""
    now = state[i]
    if now.row_from <= spells[now.last].discharged < until:
        state[now.last].whole_first = i
        state[now.last].whole_settled = now.first_settled or i == now.last


@njit(cache=True, nogil=True)
def _note_whole_member(i, until, spells, state):  # type: ignore[no-untyped-def]
    if state[i].stay_from <= spells[i].discharged < until:
        state[i].whole_stay = state[i].stay


@njit(cache=True, nogil=True)
def _write_row(rows, used, first, last, first_settled, last_settled, ended_by, begin, end):  # type: ignore[no-untyped-def]
    if used[0] < len(rows):
        row = rows[used[0]]
        row[0], row[1], row[2], row[3] = first, last, first_settled, last_settled
        row[4], row[5], row[6] = ended_by, begin, end
    used[0] += 1


@njit(cache=True, nogil=True)
def _write_member(members, used, spell, stay, begin, end):  # type: ignore[no-untyped-def]
    if used[1] < len(members):
        row = members[used[1]]
        row[0], row[1], row[2], row[3] = spell, stay, begin, end
    used[1] += 1


@njit(cache=True, nogil=True)
def _finish(begin, end, spells, state, rows, members, used):  # type: ignore[no-untyped-def]
    """The versions that stand for ever, and what each spell that ended is told as where it is an index spell.

    Whoever reads an index spell reads the version that lasts until FOREVER. Where what stands in the end is not what
    it was on the day, it lasts a day less, and a version that nobody else can see is put beside it.
    """
    for i in range(begin, end):
        if state[i].last >= 0:
            _note_whole_row(i, FOREVER, spells, state)
        if state[i].stay >= 0:
            _note_whole_member(i, FOREVER, spells, state)
    for i in range(begin, end):
        if spells[i].discharged < spells[i].known:
            state[i].whole_first, state[i].whole_settled, state[i].whole_stay = i, True, i
    for i in range(begin, end):
        if state[i].last >= 0:
            alike = _is_told_alike(i, spells, state)
            state[state[i].last].is_told_whole |= alike
            _put_row(i, FOREVER if alike else FOREVER - 1, spells, state, rows, used)
        if state[i].stay >= 0:
            alike = spells[i].discharged == FOREVER or state[i].stay == state[i].whole_stay
            _put_member(i, FOREVER if alike else FOREVER - 1, spells, state, members, used)
            if not alike:
                _write_member(members, used, i, state[i].whole_stay, FOREVER, FOREVER)
    for i in range(begin, end):
        now = state[i]
        if now.whole_first >= 0 and not now.is_told_whole:
            ended = spells[i].discharged
            _write_row(rows, used, now.whole_first, i, now.whole_settled, True, ended, FOREVER, FOREVER)


@njit(cache=True, nogil=True)
def _is_told_alike(i, spells, state):  # type: ignore[no-untyped-def]
    """Whether the version that stands in the end tells the same as the day on which its last spell ended."""
    now, last = state[i], state[state[i].last]
    if spells[now.last].discharged == FOREVER:
        return True
    return last.whole_first == i and last.whole_settled == now.first_settled and now.last_settled
