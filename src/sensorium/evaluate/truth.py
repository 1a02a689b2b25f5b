"""What really happened in a recording, as its makers wrote it down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sensorium.errors import UsageError

FILE = "truth.json"


class Expected(StrEnum):
    """What should become of the scenario: a person sees it, or code closes it as planned."""

    ELEVATED = "elevated"
    AUTO_RESOLVED = "auto_resolved"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that happened. Times are Unix nanoseconds; hosts are addresses.

    ``hosts`` took part, ``primary`` are those an incident must name. ``proof`` is the id of the
    announcement, empty where it was not planned.
    """

    id: str
    kind: str
    planned: bool
    start_ns: int
    end_ns: int
    cause: str
    hosts: frozenset[str]
    primary: tuple[str, ...]
    expected: Expected
    proof: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that happened, in order of time. ``names`` maps addresses to host names."""

    scenarios: tuple[Scenario, ...]
    names: dict[str, str]

    def name(self, address: str) -> str:
        """The host's name, or the address where it has none."""
        return self.names.get(address, address)

    @staticmethod
    def of(document: Mapping[str, Any]) -> Truth:
        """Read a truth document; KeyError or ValueError where it does not have the form."""
        scenarios = sorted(
            (_scenario(entry) for entry in document["scenarios"]),
            key=lambda s: (s.start_ns, s.id),
        )
        names = {address: name for name, address in document["hosts"].items()}
        return Truth(tuple(scenarios), names)


def _scenario(entry: Mapping[str, Any]) -> Scenario:
    entities = entry["entities"]
    roles = ("primary", "actors", "victims")
    took_part = {*entities["hosts"].values(), *(a for role in roles for a in entities[role])}
    return Scenario(
        id=entry["id"],
        kind=entry["kind"],
        planned=bool(entry["planned"]),
        start_ns=int(entry["start_ns"]),
        end_ns=int(entry["end_ns"]),
        cause=entry["cause"],
        hosts=frozenset(took_part),
        primary=tuple(entities["primary"]),
        expected=Expected(entry["expected"]),
        proof=entry.get("proof") or "",
    )


def load_truth(recording: Path) -> Truth:
    """Read the truth of a recording folder; UsageError where it has none that can be read."""
    path = recording / FILE
    try:
        return Truth.of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UsageError(
            f"{recording} has no {FILE}, so there is nothing to score against",
            next_step="score a recording that the lab made, such as those in lab/recordings",
        ) from error
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(
            f"{path} does not have the form of a truth file ({type(error).__name__}: {error})",
            next_step="docs/reference/recording-format.md describes it",
        ) from error
