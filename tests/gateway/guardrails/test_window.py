from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.guardrails.json_text import view
from sensorium.gateway.guardrails.personal_data.rule import LABELS, PersonalData
from sensorium.gateway.guardrails.rule import REACH
from sensorium.gateway.guardrails.secrets.rule import Secrets
from sensorium.gateway.guardrails.window import Hit, Window, rewrite
from tests.gateway.guardrails.samples import NOT_PERSONAL, NOT_SECRET, PERSONAL, SECRETS, WITH_WORDS

RULES = (PersonalData(LABELS), Secrets())
SAMPLES = [
    text for group in (PERSONAL, WITH_WORDS, SECRETS) for texts in group.values() for text in texts
]
NEAR = [*SAMPLES, *NOT_PERSONAL, *NOT_SECRET]
GLUE = st.sampled_from(
    [
        " ",
        "",
        "\n",
        ", ",
        ".",
        "-",
        "(",
        "+",
        "1",
        "12 ",
        "X",
        "DE",
        "@",
        "a",
        "e ",
        "=",
        ": ",
        "/",
        '"',
    ]
)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(NEAR),
        st.sampled_from(NEAR).flatmap(
            lambda text: st.integers(1, len(text)).map(lambda n: text[:n])
        ),
        GLUE,
        st.text(max_size=6),
    ),
    max_size=8,
)


def mark(hit: Hit) -> str:
    return f"[{hit.finding.label}]"


def in_pieces(text: str, cuts: list[int], *, json: bool = False) -> str:
    window = Window(RULES, mark, json=json)
    out, at = [], 0
    for cut in sorted(cut % (len(text) + 1) for cut in cuts):
        out.append(window.feed(text[at:cut]))
        at = cut
        assert len(window) <= REACH
    return "".join(out) + window.finish(text[at:])


@pytest.mark.parametrize("text", NEAR)
def test_a_text_cut_at_any_one_place_reads_as_the_whole(text: str) -> None:
    for around in ("{}", "so {} is", "tel: {}, 12"):
        whole = around.format(text)
        expected = rewrite(whole, RULES, mark)
        for cut in range(len(whole) + 1):
            assert in_pieces(whole, [cut]) == expected, cut


@pytest.mark.parametrize("text", NEAR)
def test_a_text_in_single_characters_reads_as_the_whole(text: str) -> None:
    whole = f"{text} {text}.{text}"
    assert in_pieces(whole, list(range(len(whole)))) == rewrite(whole, RULES, mark)


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=12))
def test_a_text_divided_anywhere_reads_as_the_whole(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    assert in_pieces(text, cuts) == rewrite(text, RULES, mark)


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_json_text_divided_anywhere_reads_as_the_whole(
    pieces: list[str], cuts: list[int], ascii_only: bool
) -> None:
    value = {"text": "".join(pieces), "more": [1, "".join(pieces[:2]), {"": None}]}
    text = json.dumps(value, ensure_ascii=ascii_only)
    whole = rewrite(text, RULES, mark, json=True)
    assert in_pieces(text, cuts, json=True) == whole
    json.loads(whole)


@given(st.text(), st.booleans())
def test_json_text_is_seen_as_its_reader_sees_it(text: str, ascii_only: bool) -> None:
    raw = json.dumps(text, ensure_ascii=ascii_only)
    seen = view(raw)
    assert seen.text.encode("utf-8", "replace") == f'"{text}"'.encode("utf-8", "replace")
    for index in range(len(seen.text)):
        assert view(raw[seen.raw(index) : seen.raw(index + 1)]).text == seen.text[index]


def test_clean_text_leaves_but_for_its_last_word() -> None:
    window = Window(RULES, mark)
    assert window.feed("All routers answered within a second, as they sh") == (
        "All routers answered within a second, as they "
    )
    assert window.feed("ould. ") == "should. "
    assert window.flush() == ""


def test_what_was_flushed_in_the_middle_of_a_match_is_not_completed() -> None:
    window = Window(RULES, mark)
    out = window.feed("card 4111 1111 ") + window.flush()
    out += window.feed("1111 1111 is") + window.finish("")
    assert out == "card 4111 1111 [CARD] is"


def test_a_number_in_json_is_replaced_by_a_string() -> None:
    assert rewrite('{"n":4111111111111111}', RULES, mark, json=True) == '{"n":"[CARD]"}'


def test_a_finding_that_reaches_over_strings_leaves_json() -> None:
    lines = SECRETS["PRIVATE_KEY"][0].split("\n")
    made = rewrite(json.dumps({"key": lines, "n": 1}), RULES, mark, json=True)
    assert json.loads(made) == {"key": ["[PRIVATE_KEY]", *[""] * (len(lines) - 1)], "n": 1}


def test_escapes_in_json_hide_nothing() -> None:
    assert rewrite(r'{"a":"ann\u0040example.org"}', RULES, mark, json=True) == '{"a":"[EMAIL]"}'
    assert rewrite(r'{"a":"4111\u00201111 1111 1111"}', RULES, mark, json=True) == '{"a":"[CARD]"}'
