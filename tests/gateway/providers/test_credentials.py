from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
from pathlib import Path

import orjson
import pytest

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.credentials import credential
from sensorium.gateway.providers.secret import Secret

KEY = "sk-planted-0123456789"


def test_a_secret_shows_nowhere() -> None:
    secret = Secret(KEY)
    assert secret.reveal() == KEY

    @dataclasses.dataclass
    class Holder:
        inner: Secret

    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "%s %r" % (secret, secret),  # noqa: UP031  formatting of this kind too
        repr([secret]),
        repr({"a": secret}),
        repr(Holder(secret)),
        repr(dataclasses.asdict(Holder(secret))),
        json.dumps({"a": secret}, default=str),
        repr(copy.deepcopy([secret, copy.copy(secret)])),
    ]
    assert [text for text in shown if KEY in text or "planted" in text] == []
    for dump in (pickle.dumps, orjson.dumps, json.dumps):
        with pytest.raises(TypeError):
            dump(secret)  # type: ignore[operator]
    with pytest.raises(TypeError):
        hash(secret)
    assert not hasattr(secret, "__dict__")


def test_secrets_are_compared_and_taken_out_of_texts() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert bool(Secret(KEY)) is True
    assert bool(Secret("")) is False
    assert Secret(KEY).removed_from(f"bad key {KEY}!") == "bad key [secret]!"
    assert Secret("").removed_from("text") == "text"


def test_a_credential_of_the_environment_is_looked_up_each_time() -> None:
    environment = {"KEY": f"{KEY}\n"}
    one = credential("env:KEY", environment)
    assert one.current().reveal() == KEY
    environment["KEY"] = "rotated"
    assert one.current().reveal() == "rotated"
    assert one.reference == "env:KEY"


def test_a_credential_of_a_file_is_read_again_when_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    one = credential(f"file:{path}")
    assert one.current().reveal() == KEY
    first = one.current()
    assert one.current() is first
    # As secrets are replaced where they are mounted: a new file under the old name.
    replacement = tmp_path / "new"
    replacement.write_text("rotated")
    replacement.replace(path)
    assert one.current().reveal() == "rotated"
    path.write_text("rotated-longer")
    assert one.current().reveal() == "rotated-longer"
    path.unlink()
    with pytest.raises(CallFailedError):
        one.current()


@pytest.mark.parametrize(
    "value", ["", "  \n", "two words", "a\nb", "a\r\nX-Injected: 1", "schlüssel", "a\x00b"]
)
def test_what_cannot_be_a_key_is_a_failure_of_the_gateways(value: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(value, encoding="utf-8")
    for one in (
        credential("env:KEY", {"KEY": value}),
        credential(f"file:{tmp_path / 'key'}"),
    ):
        with pytest.raises(CallFailedError) as caught:
            one.current()
        assert caught.value.failure.kind is FailureKind.UNAUTHENTICATED
        assert "words" not in repr(caught.value.failure)


def test_what_is_missing_is_a_failure_of_the_gateways(tmp_path: Path) -> None:
    for reference in ("env:NOT_SET", f"file:{tmp_path}/missing", f"file:{tmp_path}"):
        with pytest.raises(CallFailedError) as caught:
            credential(reference, {}).current()
        assert caught.value.failure.kind is FailureKind.UNAUTHENTICATED
        assert str(tmp_path) not in caught.value.failure.message, "callers see no paths of ours"


@pytest.mark.parametrize(
    "reference", [KEY, "env:", "env:A B", "file:relative/key", "vault:a", "https://a", "ENV:KEY"]
)
def test_a_key_in_place_of_a_reference_is_refused_and_not_repeated(reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        credential(reference, {})
    assert "planted" not in str(caught.value)


def test_without_a_reference_there_is_an_empty_secret() -> None:
    assert not credential("", os.environ).current()
