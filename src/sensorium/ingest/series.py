"""What a stored series is called: its name, its labels, and the number that stands for both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """A series as stored: ``labels`` sorted by name, with the target's ``job`` and ``instance``.

    ``series_id`` is the BLAKE2b-64 of name and labels: the same on every machine, for ever.
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    series_id: int

    @staticmethod
    def of(name: str, labels: Iterable[tuple[str, str]], job: str, instance: str) -> Series:
        """Add the target's labels; a scraped ``job`` or ``instance`` is kept as ``exported_``."""
        target = {"job": job, "instance": instance}
        merged = {k: v for k, v in labels if k not in target and v}
        merged.update({f"exported_{k}": v for k, v in labels if k in target and v})
        merged.update({k: v for k, v in target.items() if v})
        pairs = tuple(sorted(merged.items()))
        return Series(name, pairs, series_id(name, pairs))


def series_id(name: str, labels: Iterable[tuple[str, str]]) -> int:
    """The 64-bit number of a name and its labels, which must be sorted."""
    # 0xff occurs in no UTF-8 text, so no two series are spelt alike.
    parts = [name, *(part for label in labels for part in label)]
    spelt = b"\xff".join(part.encode("utf-8", "surrogatepass") for part in parts)
    return int.from_bytes(hashlib.blake2b(spelt, digest_size=8).digest(), "big")
