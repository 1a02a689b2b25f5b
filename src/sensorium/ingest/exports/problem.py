"""What is wrong with a file that another tool wrote, and how much of it was not used."""

from __future__ import annotations

from sensorium.errors import UsageError
from sensorium.observe import Observe


class ExportFileError(UsageError):
    """A file whose form is known but whose content is not one that is read."""


class Refusals:
    """Counts records that were not used, by reason, for one kind of file."""

    def __init__(self, observe: Observe, form: str) -> None:
        self._form = form
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def add(self, reason: str, count: int = 1) -> None:
        """Count records of the file that were not used."""
        self._dropped.labels(self._form, reason).inc(count)
