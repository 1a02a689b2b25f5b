"""Credentials by reference: ``env:NAME``, ``file:PATH``; never a value in the settings.

A vault's references will be one more scheme here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sensorium.errors import UsageError
from sensorium.gateway.providers.failures import no_credential
from sensorium.gateway.providers.secret import Secret

# What may stand in a header's value and is no space: a secret with anything else is a mistake.
_USABLE = re.compile(r"[\x21-\x7e]+")
_MAX_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Credential(Protocol):
    """Where a secret is read from, each time it is needed."""

    @property
    def reference(self) -> str:
        """As it stands in the settings; safe to show to who runs the gateway."""

    def current(self) -> Secret:
        """The secret as it is now; raises ``CallFailedError`` (UNAUTHENTICATED)."""


class NoCredential:
    """Servers that ask for none; the secret is empty."""

    reference = ""

    def current(self) -> Secret:
        """An empty secret."""
        return Secret("")


class EnvironmentCredential:
    """A variable of the process's environment, looked up for every call."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.reference = f"env:{name}"
        self._name = name
        self._environment = environment
        self._checked = Secret("")

    def current(self) -> Secret:
        """The variable's value, without the white space around it."""
        if not self._checked or self._environment.get(self._name) != self._checked.reveal():
            self._checked = _usable(self._environment.get(self._name, ""))
        return self._checked


class FileCredential:
    """A file, as secrets are mounted; read again when it was replaced or written to."""

    def __init__(self, path: Path) -> None:
        self.reference = f"file:{path}"
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._secret = Secret("")

    def current(self) -> Secret:
        """The file's content, without the white space around it."""
        try:
            found = self._path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen:
                self._secret = self._read()
                self._seen = seen
        except (OSError, UnicodeDecodeError):
            raise no_credential("the gateway cannot read its credential for the provider") from None
        return self._secret

    def _read(self) -> Secret:
        with self._path.open(encoding="ascii") as file:
            return _usable(file.read(_MAX_BYTES))


def credential(reference: str, environment: Mapping[str, str] | None = None) -> Credential:
    """What a reference refers to; raises ``UsageError`` where it is none.

    The message never repeats the reference's text: it may be a key that was pasted in its place.
    """
    if not reference:
        return NoCredential()
    scheme, _, rest = reference.partition(":")
    if scheme == "env" and _NAME.fullmatch(rest):
        return EnvironmentCredential(rest, os.environ if environment is None else environment)
    if scheme == "file" and Path(rest).is_absolute():
        return FileCredential(Path(rest))
    raise UsageError(
        "a credential is not a reference that can be followed",
        next_step="write env:NAME or file:/absolute/path; a key itself does not belong in settings",
    )


def _usable(text: str) -> Secret:
    text = text.strip()
    if not _USABLE.fullmatch(text):
        what = "is unusable" if text else "is missing"
        del text
        raise no_credential(f"the gateway's credential for the provider {what}")
    return Secret(text)
