"""Names of nodes, and what is said of one that is not there."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sensorium.errors import UsageError
from sensorium.links.graph.names import Names

MANY = 3_000
"""Of so many names an unknown one is not compared with each."""


def test_an_unknown_name_is_answered_with_a_near_one():
    names = Names(["alice", "bob"])
    with pytest.raises(UsageError, match="did you mean alice"):
        names.row("alise")
    with pytest.raises(UsageError, match="no node 'carol'"):
        names.rows(["bob", "carol"])


def one_letter_apart(one: str, other: str) -> bool:
    """Whether two neighbouring letters were swapped, or one was added, changed or taken away."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) == 1:
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    if len(long) != len(short):
        return False
    wrong = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(wrong) == 2:
        first, second = wrong
        swapped = one[first] == other[second] and one[second] == other[first]
        return second == first + 1 and swapped
    return len(wrong) == 1


def test_among_many_names_one_that_is_a_letter_away_is_found_and_no_other():
    rng = np.random.default_rng(0)
    drawn = ["".join(rng.choice(list("abcde"), rng.integers(4, 9))) for _ in range(3 * MANY)]
    known = list(dict.fromkeys(drawn))[:MANY]
    assert len(known) == MANY
    names = Names(known)
    said = {True: 0, False: 0}
    for _ in range(150):
        asked = "".join(rng.choice(list("abcde"), rng.integers(6, 11)))
        if asked in known:
            continue
        message = str(names.unknown(asked))
        found = re.search(r"did you mean (\w+)\?", message)
        near = {one for one in known if one_letter_apart(asked, one)}
        said[found is not None] += 1
        if found is None:
            assert not near, asked
        else:
            assert found[1] in near, asked
    assert min(said.values()) > 20


def test_a_very_long_name_is_not_spelled_in_every_way():
    names = Names([f"user-{n}" for n in range(MANY)])
    assert "letter by letter" in str(names.unknown("x" * 100_000))
    assert "did you mean user-77?" in str(names.unknown("user-77x"))
