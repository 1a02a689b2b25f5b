"""Which words of a line are values, amounts with their units, and the words of JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.logs.amounts import without_units
from sensorium.detect.logs.shapes import masked
from sensorium.detect.logs.slots import slots_of
from sensorium.detect.logs.spacing import spaced


def _equal(one: str, other: str) -> list[bool]:
    return [a == b for a, b in zip(slots_of(one.split()), slots_of(other.split()), strict=True)]


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        ("for alice", "for bob", [True, True]),
        ("as alice", "as bob", [True, False]),
        ("now: up-hill", "now: level", [True, True]),
        ("user alice,", "user bob", [True, False]),  # what follows is another sentence
        ("tty=ssh", "tty=cron", [True]),
        ("tty=ssh", "pty=ssh", [False]),
        ("tty=ssh", "tty=", [False]),
        ("by LOGIN(uid=<*>)", "by root(uid=<*>)", [True, True]),
        ("by LOGIN(uid=<*>)", "by (uid=<*>)", [True, False]),
        ("Mon May", "Tue Jun", [True, True]),
        ("may", "jun", [False]),
        ("service fooBar", "service a_b", [True, True]),
        ("service starts", "service stops", [True, False]),
        ("'a'", "(b).", [True]),
        ('"user": "alice",', '"user": "bob",', [True, True]),
        ('"msg": "read', '"msg": "write', [True, False]),
        ('msg="read', 'msg="write', [False]),
        ("level=info", "level=warn", [False]),
        ("reason: late", "reason: early", [True, False]),
        ("<*>:", "<*>:<*>:", [True]),
        ("()", "(<*>)", [True]),
        ("-> x", "=> x", [True, True]),
    ],
)
def test_words_that_may_be_one_place_of_a_template(
    one: str, other: str, values: list[bool]
) -> None:
    assert _equal(one, other) == values


def test_a_variable_has_no_slot_and_no_word_has_that_of_a_variable() -> None:
    assert slots_of(["<*>", "a", "<*>:"]).tolist()[0] == 0
    assert all(slots_of(["a", "<*>:", "'b'", "-", "c=d"]))
    assert len(slots_of([])) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":"b","c":<*>,"d":[1,2],"e":{"f":"g:h"}}',
         '{"a": "b", "c": <*>, "d": [1,2], "e": {"f": "g:h"}}'),
        ('  {"a":true,"b":null}', '  {"a": true, "b": null}'),
        ('{"a": "b, c", "d": 1}', '{"a": "b, c", "d": 1}'),
        ('a {"b":"c","d":"e"}', 'a {"b":"c","d":"e"}'),
        ("", ""),
    ],
)  # fmt: skip
def test_json_without_spaces_is_words(text: str, words: str) -> None:
    assert spaced(text) == words
    assert spaced(words) == words


@given(st.text('{}[]",:a1<*> '))
def test_spacing_adds_spaces_and_nothing_else(text: str) -> None:
    assert spaced(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("took 800 ms", "took <*>"),
        ("took 2 seconds to boot", "took <*> to boot"),
        ("1158 bytes (1.13 KB) sent", "<*> sent"),
        ("lifetime <1 sec", "lifetime <*>"),
        ("free 5 MB)", "free <*>)"),
        ("at 7 Mbps, 3 kB/s", "at <*>, <*>"),
        ("5 sessions", "<*> sessions"),
        ("3 s/he", "<*> s/he"),
        ("line 7 Second", "line <*> Second"),
        ("no ms at all", "no ms at all"),
        ("from 10.0.0.1 (10.0.0.2) now", "from <*> (<*>) now"),
    ],
)
def test_a_number_with_its_unit_is_one_variable(line: str, bare: str) -> None:
    assert without_units(masked(line)) == bare


@given(st.text())
def test_nothing_but_units_goes(line: str) -> None:
    text = masked(line)
    assert without_units(without_units(text)) == without_units(text)
    assert text.count("<*>") >= without_units(text).count("<*>")
    if "<*>" not in text:
        assert without_units(text) == text
