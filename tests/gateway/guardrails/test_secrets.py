from __future__ import annotations

import pytest

from sensorium.gateway.guardrails.secrets.rule import LABELS, Secrets
from tests.gateway.guardrails.samples import NOT_SECRET, SECRETS

RULE = Secrets()
ALL = [(label, text) for label, texts in SECRETS.items() for text in texts]


@pytest.mark.parametrize(("label", "text"), ALL)
def test_a_credential_is_found_wherever_it_stands(label: str, text: str) -> None:
    for around in ("{}", "it is {} .", "({})", "x=\n{}\ny", "'{}'"):
        assert [one.label for one in RULE.find(around.format(text))] == [label], around


@pytest.mark.parametrize("text", NOT_SECRET)
def test_what_only_looks_a_little_like_a_credential_is_none(text: str) -> None:
    assert RULE.find(f"so {text} it is") == []


def test_a_private_key_is_found_to_its_last_line() -> None:
    for text in SECRETS["PRIVATE_KEY"]:
        (one,) = RULE.find(f"before {text} after")
        assert (one.start, one.end) == (7, 7 + len(text))


def test_the_name_beside_a_secret_stays() -> None:
    text = 'password = "hunter2Xy9qqB"'
    assert [text[one.start : one.end] for one in RULE.find(text)] == ["hunter2Xy9qqB"]


def test_forms_can_be_chosen() -> None:
    text = f"{SECRETS['AWS_KEY'][0]} {SECRETS['JWT'][0]}"
    assert [one.label for one in Secrets(["JWT"]).find(text)] == ["JWT"]
    with pytest.raises(ValueError, match="ENIGMA"):
        Secrets(["ENIGMA"])
    assert {"PYPI_TOKEN", "GCP_TOKEN", *SECRETS} == set(LABELS)
