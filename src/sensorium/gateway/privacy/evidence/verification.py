"""Reads a log of evidence from its beginning, and says whether it is whole.

What a chain cannot show is that its end was cut off. Whoever wants to be sure of that notes the
last number and digest elsewhere from time to time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sensorium.gateway.privacy.evidence.keys import key_id
from sensorium.gateway.privacy.evidence.record import FIRST, Record, read


@dataclass(slots=True)
class Verified:
    """What a log holds: its ``records`` in number, those of the request asked for, and faults."""

    records: int = 0
    last: str = FIRST
    found: list[Record] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def verified(path: Path, key: Ed25519PublicKey, request: str = "", faults: int = 20) -> Verified:
    """Read all of it; at most ``faults`` faults are told. Raises ``OSError``."""
    name = key_id(key)
    seen = Verified()
    with path.open("rb") as file:
        for place, line in enumerate(file, 1):
            record = read(line, key, name)
            fault = record.fault or _link(record, seen)
            if fault and len(seen.faults) < faults:
                seen.faults.append(f"line {place}: {fault}")
            seen.records += 1
            seen.last = record.digest or seen.last
            if request and record.request == request:
                seen.found.append(record)
    return seen


def _link(record: Record, seen: Verified) -> str:
    if record.body.get("previous") != seen.last:
        return "it does not follow the record before it"
    if record.body.get("number") != seen.records + 1:
        return f"it is number {record.body.get('number')}, not {seen.records + 1}"
    return ""
