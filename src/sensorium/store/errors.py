"""What can go wrong in a store, each with a sentence for the person who has to act."""

from __future__ import annotations

from sensorium.errors import SensoriumError


class StoreError(SensoriumError):
    """Base of every error that a store raises on purpose."""


class StoreInUseError(StoreError):
    """Another process owns the embedded store; ``pid`` and ``url`` say which and where to ask."""

    def __init__(self, path: str, pid: int, url: str) -> None:
        self.path = path
        self.pid = pid
        self.url = url
        owner = f"process {pid}" if pid else "another process"
        served = f", whose API is at {url}" if url else ", which serves no API"
        super().__init__(
            f"the telemetry store {path} is open in {owner}{served}",
            unaffected="nothing was read or changed",
            next_step="ask that API, or stop the process first" if url else "stop it first",
        )


class StoreOpenError(StoreError):
    """The store could not be opened or prepared."""


class StoreWriteError(StoreError):
    """Rows could not be written; they are kept in memory and tried again at the next write."""

    def __init__(self, reason: str, kept_rows: int, unaffected: str = "") -> None:
        self.reason = reason
        self.kept_rows = kept_rows
        super().__init__(
            f"telemetry could not be written: {reason}",
            unaffected=unaffected
            or f"{kept_rows} rows are kept in memory and are tried again at the next "
            "write; detection goes on",
            next_step="check the store's disk, or that its server is up",
        )


class StoreClosedUnwrittenError(StoreWriteError):
    """The store was closed with rows that could not be written.

    ``lost_rows`` of them are given up; the others are in the journal.
    """

    def __init__(self, reason: str, rows: int, lost_rows: int) -> None:
        self.lost_rows = lost_rows
        kept = f"{rows - lost_rows} are in the journal, and stored at the next start"
        super().__init__(
            reason,
            rows - lost_rows,
            f"what was stored before is whole; of {rows} rows that waited {lost_rows} are given up "
            f"and {kept}",
        )


class QueryRefusedError(StoreError):
    """The statement is not one read-only SELECT, so it was not sent."""

    exit_code = 2


class QueryFailedError(StoreError):
    """The engine refused or broke off a query; its own words are in the text."""


class StaleRecordError(StoreError):
    """A record was changed by somebody else since it was read; nothing was stored."""


class TamperedRecordError(StoreError):
    """A stored record's content no longer has the digest it is stored under."""
