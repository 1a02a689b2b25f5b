"""How much acknowledged telemetry may wait for the store, and how it is gathered."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalConfig:
    """The journal of what HTTP and gRPC senders were told is safe."""

    max_bytes: int = setting(
        1 << 30, "bytes on disk; beyond it senders are asked to come again", ge=1 << 20
    )
    max_unwritten_bytes: int = setting(
        128 << 20, "bytes of rows in memory that wait to be written and synced", ge=1 << 20
    )
    max_unstored_rows: int = setting(
        500_000, "rows read back into memory that the store has not yet taken", ge=1
    )
    max_kept_bytes: int = setting(
        64 << 20, "bytes of synced rows kept in memory as well, to be stored without reading", ge=0
    )
    segment_rows: int = setting(100_000, "rows after which a segment goes to the store", ge=1)
    segment_ms: float = setting(
        250.0, "milliseconds after which a segment goes to the store, however small", ge=0
    )
    remember_s: float = setting(
        600.0, "seconds in which a request that is sent again is recognised", ge=0
    )
    sync: bool = setting(
        True, "fsync before acknowledging: survives power loss and not only a killed process"
    )
