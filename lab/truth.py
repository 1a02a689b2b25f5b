"""What really happened, written down while it happens; only scoring ever reads it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from lab.plan import PLANNED, Kind
from lab.site import Host, Site


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a scenario."""

    name: str
    start_ns: int
    end_ns: int
    detail: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a scenario. ``parameters`` is what the seed decided besides.

    ``primary`` is what an investigation must name; ``actors`` did it and ``victims`` suffered it.
    All are addresses; ``hosts`` maps names to them.
    """

    hosts: dict[str, str]
    primary: tuple[str, ...]
    actors: tuple[str, ...] = ()
    victims: tuple[str, ...] = ()
    cause: str = ""
    proof: str = ""
    parameters: dict[str, str | int | float] = field(default_factory=dict)


def addresses(hosts: Iterable[Host]) -> dict[str, str]:
    """Names to addresses."""
    return {h.name: h.address for h in hosts}


class Truth:
    """Collects entries from scenarios, which may run at the same time."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._entries: list[tuple[int, dict[str, object]]] = []

    def add(
        self, slot_id: str, kind: Kind, cast: Cast, phases: list[Phase], *, finished: bool = True
    ) -> None:
        """Add one scenario; ``phases`` says how far it came, when it did not finish."""
        if not phases:
            return
        planned = kind in PLANNED
        start = min(p.start_ns for p in phases)
        entry: dict[str, object] = {
            "id": slot_id,
            "kind": kind.value,
            "planned": planned,
            "start_ns": start,
            "end_ns": max(p.end_ns for p in phases),
            "cause": cast.cause if finished else f"cut short: {cast.cause}",
            "entities": {
                "hosts": cast.hosts,
                "primary": list(cast.primary),
                "actors": list(cast.actors),
                "victims": list(cast.victims),
            },
            "parameters": cast.parameters,
            "phases": [asdict(p) for p in phases],
            "expected": "auto_resolved" if planned else "elevated",
            "proof": cast.proof,
        }
        with self._lock:
            self._entries.append((start, entry))

    def to_json(self) -> str:
        """All entries by start time, with every host of the site."""
        with self._lock:
            entries = [entry for _, entry in sorted(self._entries, key=lambda pair: pair[0])]
        hosts = {h.name: h.address for h in self._site.hosts}
        value = {"seed": self._site.seed, "hosts": hosts, "scenarios": entries}
        return json.dumps(value, indent=2) + "\n"
