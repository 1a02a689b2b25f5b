"""The whole way of what is acknowledged: decoded, journalled with fsync, handed over, and stored.

Requests come sixteen at a time, and what was accepted is stored turn by turn, as the service does
it. Rates are rows per second of processor time of all threads, ClickHouse's merges included: that
is what "per core" means, whatever else the machine does.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from benchmarks.report import Claim
from sensorium.ingest.journal import Journal, JournalConfig
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry

SENDERS = 16
TURN_ROWS = 100_000

Decode = Callable[[bytes], pa.RecordBatch]


async def _accept(journal: Journal, signal: Signal, bodies: Sequence[bytes], decode: Decode) -> int:
    """What requests go through before they are answered; returns their rows."""
    waiting, rows = iter(bodies), 0

    async def one_sender() -> None:
        nonlocal rows
        for body in waiting:
            batch = decode(body)
            rows += batch.num_rows
            await journal([(signal, batch)])

    await asyncio.gather(*(one_sender() for _ in range(SENDERS)))
    return rows


def _store(journal: Journal, store: ClickHouseTelemetry) -> None:
    """What the pipeline does with what was accepted, but scoring."""
    journal.finish()
    for segment in journal.take():
        for signal, batch in segment.rows:
            store.insert_once(
                signal,
                batch,
                token=segment.token,
                accepted_ns=segment.opened_ns,
                stored=segment.stored,
            )


def acknowledged_and_stored(
    signal: Signal, bodies: Sequence[bytes], decode: Decode, unit: str, goal: str
) -> list[Claim]:
    """Rows a core-second up to the answer, and up to where they can be queried."""
    # The first request names the series, as it does once for a sender that comes again and again.
    turn = max(1, TURN_ROWS // decode(bodies[0]).num_rows)
    acknowledged, rows = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(JournalConfig(), Path(folder) / "journal", Observe())
        journal.open()
        store = open_telemetry(TelemetryConfig(), Observe(), data_dir=Path(folder))
        began = time.process_time()
        for first in range(0, len(bodies), turn):
            asked = time.process_time()
            rows += asyncio.run(_accept(journal, signal, bodies[first : first + turn], decode))
            acknowledged += time.process_time() - asked
            _store(journal, store)
        taken = time.process_time() - began
        found = store.query(f"SELECT count() AS n FROM {signal.value}").to_pylist()[0]["n"]
        if found != rows:
            raise RuntimeError(f"{found} rows can be queried of {rows}")
        store.close()
        journal.close()
    return [
        Claim(f"{signal.value} acknowledged: journalled and synced", rows / acknowledged, unit),
        Claim(f"{signal.value} stored in ClickHouse as well", rows / taken, unit, goal=goal),
    ]
