from __future__ import annotations

import pytest

from sensorium.gateway.guardrails.personal_data.rule import LABELS, USUAL, PersonalData
from tests.gateway.guardrails.samples import NOT_PERSONAL, PERSONAL, WITH_WORDS

RULE = PersonalData()
ALL = [(label, text) for label, texts in PERSONAL.items() for text in texts]
WORDED = [(label, text) for label, texts in WITH_WORDS.items() for text in texts]


def found(text: str, rule: PersonalData = RULE) -> list[tuple[str, str]]:
    return [(one.label, text[one.start : one.end]) for one in rule.find(text)]


@pytest.mark.parametrize(("label", "text"), ALL)
def test_a_valid_number_is_found_whole_wherever_it_stands(label: str, text: str) -> None:
    for around in ("{}", "It is {}.", "({})", "a,{},b", "x\n{}\ny", "“{}”", "号{}号"):
        if label == "EMAIL" and "号" in around:
            continue  # these are letters of a mailbox's name
        assert found(around.format(text)) == [(label, text)], around


@pytest.mark.parametrize(("label", "text"), WORDED)
def test_a_number_of_weak_check_is_found_where_a_word_for_it_stands_before(
    label: str, text: str
) -> None:
    assert [one[0] for one in found(text)] == [label]


@pytest.mark.parametrize("text", NOT_PERSONAL)
def test_what_fails_its_check_is_no_number_of_a_person(text: str) -> None:
    assert found(f"It is {text}, as said.") == []


def test_every_kind_has_a_sample() -> None:
    assert {*PERSONAL, *WITH_WORDS} == set(USUAL)


def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    text = "ann@example.org 4111 1111 1111 1111 10.1.2.3 2001:db8::17 00:1b:44:11:3a:b7"
    assert found(text, PersonalData(["CARD"])) == [("CARD", "4111 1111 1111 1111")]
    assert [label for label, _ in found(text, PersonalData(LABELS))] == [
        "EMAIL",
        "CARD",
        "IP",
        "IP",
        "MAC",
    ]
    with pytest.raises(ValueError, match="PASSPORT"):
        PersonalData(["PASSPORT"])


@pytest.mark.parametrize(
    "text",
    [
        "４１１１１１１１１１１１１１１１",
        "٤١١١ ١١١١ ١١١١ ١١١١",
        "4111\u00a01111\u20091111\u202f1111",
        "4111‑1111‑1111‑1111",
        "4111\u200b1111\u200b1111\u200b1111",
    ],
)
def test_digits_and_spaces_of_other_scripts_hide_nothing(text: str) -> None:
    assert [one.label for one in RULE.find(f"pay {text} now")] == ["CARD"]


def test_a_card_is_found_beside_its_date_and_its_code() -> None:
    assert found("4111 1111 1111 1111 12/29 123") == [("CARD", "4111 1111 1111 1111")]
    assert found("4111 1111 1111 1111 123") == [("CARD", "4111 1111 1111 1111")]
