from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.guardrails.allowed_topics import AllowedTopics
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.denied_topics import DeniedTopics
from sensorium.gateway.guardrails.places import Fragment, Place
from sensorium.gateway.guardrails.rule import Subject
from sensorium.gateway.guardrails.window import Hit, Window, rewrite

RULE = DeniedTopics(["project phoenix", "Straße", "café", "bomb"])


def found(text: str) -> list[str]:
    return [text[one.start : one.end] for one in RULE.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("About PROJECT  Phoenix!", "PROJECT  Phoenix"),
        ("about project\n\tphoenix", "project\n\tphoenix"),
        ("eine STRASSE hier", "STRASSE"),
        ("un CAFE\u0301, svp", "CAFE\u0301"),
        ("a ｂｏｍｂ there", "ｂｏｍｂ"),
        ("a bo\u200bmb there", "bo\u200bmb"),
        ("bomb", "bomb"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(text: str, expected: str) -> None:
    assert found(text) == [expected]


@pytest.mark.parametrize("text", ["bombastic", "aplomb", "project of phoenix", "my_bomb_x", ""])
def test_a_phrase_is_whole_words(text: str) -> None:
    assert found(text) == []


PARTS = st.lists(
    st.sampled_from(
        "project phoenix;project ;phoenix; ;\n;STRASSE;Straße;cafe;\u0301;é;bomb;\u200b;"
        "s;_;x;.;ß;ﬁ;BO".split(";")
    ),
    max_size=10,
).map("".join)


@given(PARTS, st.lists(st.integers(0, 200), max_size=8))
def test_a_text_divided_anywhere_reads_as_the_whole(text: str, cuts: list[int]) -> None:
    def mark(hit: Hit) -> str:
        return "[X]"

    window = Window((RULE,), mark)
    out, at = "", 0
    for cut in sorted(cut % (len(text) + 1) for cut in cuts):
        out += window.feed(text[at:cut])
        at = cut
    assert out + window.finish(text[at:]) == rewrite(text, (RULE,), mark)


def test_only_what_may_become_a_phrase_is_held() -> None:
    window = Window((RULE,), lambda hit: None)
    assert window.feed("we talk of pro") == "we talk of "
    assert window.feed("grammes") == "programmes"
    assert window.feed(" and project p") == " and "
    assert window.feed("arts") == "project parts"


def test_empty_phrases_are_refused() -> None:
    for phrases in ([], [""], ["  "]):
        with pytest.raises(ValueError, match="phrases"):
            DeniedTopics(phrases)


def test_one_allowed_phrase_must_stand_in_the_users_last_words() -> None:
    rule = AllowedTopics(["invoice", "delivery note"])

    def passes(*fragments: Fragment) -> bool:
        return asyncio.run(rule.judge(Subject(fragments), Context())) is None

    system = Fragment("Talk of invoices. invoice", Place.SYSTEM)
    assert passes(system, Fragment("Where is my INVOICE?", Place.USER))
    assert not passes(system, Fragment("Tell me a joke", Place.USER))
    assert not passes(
        Fragment("my invoice", Place.USER),
        Fragment("It is paid.", Place.ASSISTANT),
        Fragment("Now a joke", Place.USER),
    )
    assert passes(Fragment("about a", Place.USER), Fragment("delivery  note", Place.USER))
    assert passes(Fragment("Your invoice is paid", Place.ASSISTANT))
