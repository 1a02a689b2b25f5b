"""What versions in use did: counts beside the registry, for people and for the next start."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sensorium.model.canonical import canonical_json


@dataclass(frozen=True, slots=True)
class Trial:
    """How a shadow fared beside the active model, in host windows.

    ``both``, ``only_active`` and ``only_shadow`` are those that passed; ``active`` is the version
    it was compared with, 0 the forest that the stream fits. ``drift`` is the shadow's, None
    before enough was scored. Counted are windows that ended from ``since_ns`` to ``until_ns``.
    """

    version: int
    active: int
    since_ns: int
    until_ns: int = 0
    windows: int = 0
    scored: int = 0
    both: int = 0
    only_active: int = 0
    only_shadow: int = 0
    drift: float | None = None

    @property
    def agreement(self) -> float | None:
        """Of the host windows that either lets pass, the share that both do; None of none."""
        either = self.both + self.only_active + self.only_shadow
        return self.both / either if either else None

    def rate(self, *, shadow: bool) -> float:
        """The share of host windows that one of the two lets pass."""
        passed = self.both + (self.only_shadow if shadow else self.only_active)
        return passed / self.scored if self.scored else 0.0


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """The file ``live.json`` of a model name: the latest trial, and the drift of the active
    ``version`` (0 for none) by ``until_ns``."""

    version: int = 0
    drift: float | None = None
    until_ns: int = 0
    trial: Trial | None = None

    @staticmethod
    def read(path: Path) -> LiveRecord:
        """What is there; nothing where the file is not, or is none of ours."""
        try:
            said = json.loads(path.read_bytes())
            trial = None if said["trial"] is None else Trial(**said["trial"])
            record = LiveRecord(**{**said, "trial": trial})
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return LiveRecord()
        return record if _numbers(record) and (trial is None or _numbers(trial)) else LiveRecord()

    def write(self, path: Path) -> None:
        """Replace the file as a whole."""
        partial = path.with_suffix(".partial")
        partial.write_bytes(canonical_json(self) + b"\n")
        partial.replace(path)


def _numbers(record: Any) -> bool:
    return all(
        value is None or isinstance(value, int | float | Trial)
        for value in (getattr(record, field.name) for field in fields(record))
    )
