"""How much a set of uses amounts to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sensorium.topology.survey import Use


@dataclass(frozen=True, slots=True)
class Tally:
    """Uses, each a client and a service, and their bytes."""

    pairs: int
    bytes: int

    @staticmethod
    def of(uses: Iterable[Use]) -> Tally:
        """Count uses."""
        listed = list(uses)
        return Tally(len(listed), sum(use.bytes for use in listed))

    def share_of(self, whole: Tally) -> float:
        """Of the pairs, 0 to 1."""
        return self.pairs / whole.pairs if whole.pairs else 0.0

    def bytes_of(self, whole: Tally) -> float:
        """Of the bytes, 0 to 1."""
        return self.bytes / whole.bytes if whole.bytes else 0.0
