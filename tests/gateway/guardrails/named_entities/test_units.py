from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.guardrails.named_entities.units import LONGEST, unit_ends
from sensorium.gateway.guardrails.personal_data.rule import PersonalData
from sensorium.gateway.guardrails.rule import Finding
from sensorium.gateway.guardrails.window import Hit, Window, rewrite

PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Greta Weber went home. ",
                "ann@example.org",
                "Prof. Weber ",
                "Really?! ",
                "\n",
                "\n\n",
                "a line that is broken for its length goes on,\n",
                '","b":"',
                "。」",
                "word " * 40,
                "UPPER " * 30,
                "x" * 250,
                " ",
                '"\\u00e9',
            ]
        ),
        st.text(max_size=5),
    ),
    max_size=9,
).map("".join)
# Without an end in sight: it is their length that ends these.
LONG = st.lists(
    st.sampled_from(["word " * 40, "UPPER " * 30, "Greta Weber ", "a b\n", "x" * 150]),
    min_size=8,
    max_size=16,
).map("".join)
TEXTS = PIECES | LONG


def units(text: str) -> list[str]:
    return [text[begin:end] for begin, end in pairwise([0, *unit_ends(text), len(text)])]


class WholeUnits:
    """A finding for each unit with a capital, whose label tells every character of the unit."""

    kind = "whole_units"
    in_units = True

    def find(self, text: str, start: int = 0) -> list[Finding]:
        found, at = [], 0
        for unit in units(text):
            place = next((i for i, one in enumerate(unit) if one.isupper()), -1)
            if place >= 0 and at + place >= start:
                end = at + len(unit.rstrip())
                found.append(Finding(at + place, end, f"U{crc32(unit.strip().encode())}"))
            at += len(unit)
        return found

    def open_from(self, text: str) -> int:
        return (unit_ends(text) or [0])[-1]


@pytest.mark.parametrize(
    "text",
    [
        "Ask Prof. Dr. Greta Weber about it",
        "by J. R. Weber and Hugo Silva Jr. of Acme Inc. today",
        "born on 3. May in Bad St. Anton",
        "it was written on behalf of the office by Greta\nWeber, who lives in Lisbon",
    ],
)
def test_a_name_is_not_divided_at_an_initial_a_title_or_a_broken_line(text: str) -> None:
    assert units(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "She went home. |He stayed.",
        "Really?! |Yes (of course). |Good",
        "in 2024. |Then",
        "Dear Greta,\n|thank you\n|Hugo",
        '{"name": "Greta Weber",|"city": "Lisbon"},|{"name": "x"}',
        "我在柏林。|他在巴黎。",
    ],
)
def test_a_sentence_a_line_and_a_value_are_units(text: str) -> None:
    assert units(text.replace("|", "")) == [*text.split("|")]


def test_what_has_no_end_is_cut_between_small_words() -> None:
    text = "we met Greta Weber and then we went on " * 40
    made = units(text)
    assert all(len(one) <= LONGEST for one in made)
    assert all(one.endswith(" ") and one[-2].islower() for one in made[:-1])
    assert "".join(made) == text


@given(TEXTS, st.data())
def test_a_text_that_grows_keeps_the_units_that_it_has(text: str, data: st.DataObject) -> None:
    part = text[: data.draw(st.integers(0, len(text)))]
    ends = unit_ends(part)
    assert unit_ends(text)[: len(ends)] == ends
    assert all(0 < end - begin <= LONGEST for begin, end in pairwise([0, *ends]))
    assert len(part) - (ends or [0])[-1] <= LONGEST


@given(TEXTS, st.lists(st.integers(1, 90), min_size=1, max_size=12), st.booleans())
def test_a_text_divided_anywhere_is_read_in_the_units_of_the_whole(
    text: str, sizes: Sequence[int], json: bool
) -> None:
    finders = (WholeUnits(), PersonalData())

    def mark(hit: Hit) -> str:
        return f"[{hit.finding.label}]"

    window, out, at = Window(finders, mark, json=json), "", 0
    for place in range(len(text)):
        size = sizes[place % len(sizes)]
        out += window.feed(text[at : at + size])
        at += size
        if at >= len(text):
            break
    assert out + window.finish("") == rewrite(text, finders, mark, json=json)
