"""What every rule of text must keep to, over every registered member."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sensorium.gateway.guardrails.bound import Bound
from sensorium.gateway.guardrails.config import (
    DeniedTopicsConfig,
    GuardrailsConfig,
    PersonalDataConfig,
    SecretsConfig,
)
from sensorium.gateway.guardrails.decision import Stage
from sensorium.gateway.guardrails.personal_data.rule import LABELS
from sensorium.gateway.guardrails.placeholders import Restorer
from sensorium.gateway.guardrails.registry import make_guard
from sensorium.gateway.guardrails.rule import BEHIND, REACH, TextRule
from sensorium.observe import Observe
from tests.gateway.guardrails.samples import PERSONAL, SECRETS

GUARD = make_guard(
    GuardrailsConfig(
        personal_data=(PersonalDataConfig(kinds=LABELS),),
        secrets=(SecretsConfig(),),
        denied_topics=(DeniedTopicsConfig(phrases=("project phoenix", "a a a a a")),),
    ),
    Observe(),
)
BOUNDS: tuple[Bound, ...] = GUARD.rules(Stage.BEFORE, "")
RULES: dict[str, TextRule | Restorer] = {one.text.kind: one.text for one in BOUNDS if one.text}
# It asks a process that holds a model, which is made once for all tests.
NAMED_ENTITIES = pytest.param("named_entities", marks=pytest.mark.xdist_group("named_entities"))
RULES["restore"] = Restorer({"<EMAIL_1>": "ann@example.org"})
TEXTS = [
    *(text for texts in (*PERSONAL.values(), *SECRETS.values()) for text in texts),
    "about project phoenix",
    "to <EMAIL_1>",
    "It was written by Greta Weber in Lisbon last week",
]
# Strings at which patterns that go back over what they have read take forever.
HOSTILE = {
    "digits": "1" * 1000,
    "grouped digits": "1 " * 1000,
    "grouped cards": "4111 1111 1111 1112 " * 100,
    "dashes": "1-" * 1000,
    "plus": "+1" * 1000,
    "brackets": "(1" * 1000,
    "at signs": "a@" * 1000,
    "one address": "a" * 1000 + "@" + "a." * 500,
    "dots": "a@" + "a.a" * 600,
    "iban": "DE89 " * 400,
    "letters": "a" * 2000,
    "base64": "eyJ" + "A" * 2000,
    "tokens": "eyJ.eyJ." * 250,
    "keys": "sk-" * 700,
    "names": "password" * 250,
    "assignments": "password=" * 250,
    "begun keys": "-----BEGIN PRIVATE KEY-----\n" * 70,
    "lines": "-----BEGIN PRIVATE KEY-----" + "\n" * 2000,
    "urls": "://a:" * 400,
    "colons": ":" * 2000,
    "octets": "1." * 1000,
    "spaces": " " * 2000,
    "backslashes": "\\" * 2000,
    "phrases": "project " * 250,
    "halves": "a " * 1000,
    "marks": "a" + "\u0301" * 2000,
    "no width": "4\u200b" * 1000,
    "placeholders": "<EMAIL" * 350,
    "look-alikes": "１２" * 1000,
    "percent": "%41" * 700,
}


@pytest.fixture(params=[*RULES, NAMED_ENTITIES])
def rule(request: pytest.FixtureRequest) -> TextRule:
    if request.param in RULES:
        return RULES[request.param]
    named: TextRule = request.getfixturevalue("named_entities")
    return named


def test_findings_are_in_order_and_do_not_overlap(rule: TextRule) -> None:
    text = " and ".join(TEXTS)
    found = rule.find(text)
    assert found
    assert all(0 <= one.start < one.end <= len(text) and one.label for one in found)
    assert all(one.end <= later.start for one, later in pairwise(found))


@pytest.mark.parametrize("text", TEXTS)
def test_a_start_leaves_out_what_begins_before_it(rule: TextRule, text: str) -> None:
    whole = f"so: {text}, {text}"
    found = rule.find(whole)
    for one in found:
        assert rule.find(whole, one.start) == [other for other in found if other.start >= one.start]
        assert all(other.start > one.start for other in rule.find(whole, one.start + 1))


@pytest.mark.parametrize("text", TEXTS)
def test_what_lies_far_before_changes_nothing(rule: TextRule, text: str) -> None:
    whole = f"{'word ' * 60}so: {text}"
    cut = len(whole) - len(text) - BEHIND
    if rule.in_units:
        before = f"{'word ' * 60}\nso: "
        whole, cut = before + text, rule.open_from(before)
        assert cut == len(before) - len("so: ")
    moved = [(one.start - cut, one.end - cut, one.label) for one in rule.find(whole)]
    assert [(one.start, one.end, one.label) for one in rule.find(whole[cut:])] == moved


@pytest.mark.parametrize("text", TEXTS)
def test_every_beginning_of_what_it_finds_is_open(rule: TextRule, text: str) -> None:
    whole = f"so: {text} "
    for one in rule.find(whole):
        for end in range(one.start + 1, one.end):
            assert rule.open_from(whole[:end]) <= one.start


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_comes_to_an_end_and_is_not_held_beyond_bounds(
    rule: TextRule, text: str
) -> None:
    # A pattern that goes back over what it has read would need years for any of these.
    long = text * 8
    assert all(one.end <= len(long) for one in rule.find(long))
    assert len(long) - rule.open_from(long) <= REACH
