"""The manifest: what a recording holds, and the digests that prove it is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sensorium.errors import UsageError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
DATAGRAMS = "datagrams.parquet"
SCRAPES = "scrapes.parquet"
CALENDAR = "changes/calendar.ics"
DEPLOYMENTS = "changes/deployments.jsonl"
CRONTABS = "changes/crontab"


class RecordingError(UsageError):
    """A recording is missing, damaged or of another format; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a recording holds. Times are Unix nanoseconds; addresses and targets are text.

    ``files`` maps each file's path inside the folder to the SHA-256 of its bytes in hexadecimal.
    ``truth.json`` is not in it: nothing that reads a recording may depend on the truth.
    """

    name: str
    started_ns: int
    ended_ns: int
    datagrams: int
    scrapes: int
    description: str = ""
    exporters: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """The manifest as indented JSON with sorted keys, ending in a newline."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @staticmethod
    def from_json(text: str | bytes) -> Manifest:
        """Parse :meth:`to_json`'s text; RecordingError if it is not such text."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise RecordingError(f"{MANIFEST} is not JSON ({error}); copy it again") from error
        if not isinstance(values, dict):
            raise RecordingError(f"{MANIFEST} holds no JSON object; copy it again")
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise RecordingError(
                f"the recording has format version {version!r} and this program reads "
                f"{FORMAT_VERSION}; use the release that wrote it, or record again"
            )
        return _from_values(values)


def _from_values(values: dict[str, Any]) -> Manifest:
    known = {f.name for f in fields(Manifest)}
    taken = {key: value for key, value in values.items() if key in known}
    for key in ("exporters", "targets"):
        taken[key] = tuple(taken.get(key, ()))
    for key in ("started_ns", "ended_ns", "datagrams", "scrapes"):
        if type(taken.get(key)) is not int:
            raise RecordingError(f"{MANIFEST}: {key!r} is no whole number; copy it again")
    if not isinstance(taken.get("name"), str):
        raise RecordingError(f"{MANIFEST}: 'name' is missing; copy it again")
    if not isinstance(taken.get("files", {}), dict):
        raise RecordingError(f"{MANIFEST}: 'files' is no object; copy it again")
    return Manifest(**taken)
