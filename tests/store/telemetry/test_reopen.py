"""Stores that are closed, killed, or written by a newer version."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.errors import StoreInUseError, StoreOpenError
from sensorium.store.ownership import owner_of
from sensorium.store.telemetry import (
    TelemetryConfig,
    embedded_folder,
    open_telemetry,
)
from sensorium.store.telemetry.columns import to_table
from sensorium.store.telemetry.connection import connect, parse_dsn
from sensorium.store.telemetry.migrations import STEPS
from sensorium.store.telemetry.tables import LABELS_AS_TEXT, TABLES
from tests.store.telemetry import batches

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Run = Callable[..., "subprocess.Popen[str]"]

# Writes chunk after chunk and says how many rows have been acknowledged, until it is killed.
WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.store.telemetry import batches
store = open_telemetry(
    TelemetryConfig(batch_rows=100), Observe(), data_dir=Path(sys.argv[1]),
    service_url="http://127.0.0.1:8470",
)
for written in range(100, 10**9, 100):
    store.insert(Signal.FLOWS, batches.flows(100, start_ns=batches.NOON + written * 10**9))
    store.flush()
    print(written, flush=True)
"""


def test_what_was_written_is_there_after_reopening(tmp_path: Path, observe: Observe) -> None:
    for opened in range(1, 3):
        store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
        store.insert(Signal.LOGS, batches.logs(4))
        store.close()
        store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
        assert store.query("SELECT * FROM logs").num_rows == 4 * opened
        assert store.query("SELECT * FROM schema_steps").num_rows == len(STEPS)
        store.close()


def test_flows_stored_before_they_had_attributes_have_none_of_them(
    tmp_path: Path, observe: Observe
) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    old = batches.flows(3)
    client = connect(store.target, TelemetryConfig(), database="sensorium")
    client.command("ALTER TABLE flows DROP COLUMN attributes")
    client.command("ALTER TABLE schema_steps DELETE WHERE number = 2 SETTINGS mutations_sync = 1")
    client.insert_arrow("flows", to_table([old.drop_columns(["attributes"])]))
    client.close()
    store.close()
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    store.insert(Signal.FLOWS, batches.flows(3))
    store.flush()
    answer = store.query("SELECT attributes['natEvent'] AS event FROM flows ORDER BY event")
    store.close()
    assert answer.column("event").to_pylist() == ["", "", "", "", "", "1"]


SAMPLES_WITH_A_MAP = """
CREATE TABLE metrics (
    time_ns DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    series_id UInt64 CODEC(ZSTD(1)),
    name LowCardinality(String),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    value Float64 CODEC(Gorilla, ZSTD(1)),
    kind LowCardinality(String),
    stored_at DateTime('UTC') MATERIALIZED now() CODEC(Delta, ZSTD(1)),
    INDEX sampled time_ns TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(stored_at, 'UTC')
ORDER BY (name, series_id, time_ns)
"""

AS_AT_FIRST = (
    "DROP TABLE cables SYNC",
    "DROP TABLE metrics SYNC",
    SAMPLES_WITH_A_MAP,
    "ALTER TABLE flows DROP COLUMN attributes",
    "ALTER TABLE flows MODIFY COLUMN src_port UInt16 CODEC(ZSTD(1))",
    "ALTER TABLE logs MODIFY COLUMN attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))",
    *(
        f"ALTER TABLE {table} {change}"
        for table in ("flows", "logs")
        for change in (
            "MODIFY COLUMN stored_at DateTime('UTC') MATERIALIZED now() CODEC(Delta, ZSTD(1))",
            "DROP COLUMN accepted_at",
        )
    ),
    "ALTER TABLE schema_steps DELETE WHERE number > 1 SETTINGS mutations_sync = 1",
)
"""What makes a new store one that the first step alone has made."""


def tables_of(folder: Path, observe: Observe) -> dict[str, str]:
    """Open the store; what each table is, but for the order of its settings."""
    store = open_telemetry(TelemetryConfig(), observe, data_dir=folder)
    found = store.query(
        "SELECT name, create_table_query AS made FROM system.tables "
        "WHERE database = currentDatabase()"
    ).to_pylist()
    steps = store.query("SELECT number FROM schema_steps").column("number").to_pylist()
    store.close()
    assert sorted(steps) == [step.number for step in STEPS]
    parted = {row["name"]: row["made"].partition(" SETTINGS ") for row in found}
    return {name: f"{made} {sorted(end.split(', '))}" for name, (made, _, end) in parted.items()}


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tables_of(tmp_path_factory.mktemp("new"), Observe())


def test_the_first_store_becomes_what_a_new_one_is(
    tmp_path: Path, observe: Observe, new: dict[str, str]
) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    client = connect(store.target, TelemetryConfig(), database="sensorium")
    for statement in AS_AT_FIRST:
        client.command(statement)
    client.close()
    store.close()
    assert tables_of(tmp_path, observe) == new


@pytest.mark.parametrize("made", range(len(TABLES) + 1))
def test_a_store_that_was_broken_off_while_it_was_new_becomes_whole(
    tmp_path: Path, observe: Observe, new: dict[str, str], made: int
) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    client = connect(store.target, TelemetryConfig(), database="sensorium")
    client.command("TRUNCATE TABLE schema_steps")
    for table in TABLES[made:]:
        client.command(f"DROP TABLE {table.name} SYNC")
    client.close()
    store.close()
    assert tables_of(tmp_path, observe) == new


def as_before_labels_were_text(client: Client) -> None:
    """Make the empty table of samples as it was then."""
    client.command("DROP TABLE metrics SYNC")
    client.command(SAMPLES_WITH_A_MAP)
    client.command(
        "ALTER TABLE metrics ADD COLUMN accepted_at DateTime('UTC') EPHEMERAL now(), "
        "MODIFY COLUMN labels Map(String, String) CODEC(LZ4), "
        "MODIFY COLUMN stored_at DateTime('UTC') MATERIALIZED accepted_at"
    )
    client.command("ALTER TABLE schema_steps DELETE WHERE number >= 5 SETTINGS mutations_sync = 1")


@pytest.mark.parametrize("statements", range(len(LABELS_AS_TEXT) + 1))
def test_samples_stored_with_a_map_are_read_as_ever_wherever_the_change_was_broken_off(
    tmp_path: Path, observe: Observe, statements: int
) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    client = connect(store.target, TelemetryConfig(), database="sensorium")
    as_before_labels_were_text(client)
    client.insert_arrow("metrics", to_table([batches.metrics(5)], accepted_ns=batches.NOON))
    # NaN is told apart from no other NaN by its text.
    asked = "SELECT time_ns, series_id, name, labels, toString(value), kind, stored_at FROM metrics"
    before = store.query(f"{asked} ORDER BY time_ns").to_pylist()
    for statement in LABELS_AS_TEXT[:statements]:
        client.command(statement)
    client.close()
    store.close()
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    after = store.query(f"{asked} ORDER BY time_ns").to_pylist()
    store.insert(Signal.METRICS, batches.metrics(5))
    store.flush()
    labels = store.query("SELECT labels FROM metrics ORDER BY time_ns, labels").to_pylist()
    store.close()
    assert any(row["labels"] for row in before)
    assert after == before
    assert labels[::2] == labels[1::2]


def test_labels_stored_when_their_keys_were_dictionary_encoded_are_read_as_ever(
    tmp_path: Path, observe: Observe
) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    client = connect(store.target, TelemetryConfig(), database="sensorium")
    as_before_labels_were_text(client)
    columns = {"flows": "attributes", "logs": "attributes", "metrics": "labels"}
    for table, column in columns.items():
        client.command(
            f"ALTER TABLE {table} MODIFY COLUMN {column} Map(LowCardinality(String), String)"
        )
    client.command("ALTER TABLE schema_steps DELETE WHERE number = 4 SETTINGS mutations_sync = 1")
    for signal in (Signal.FLOWS, Signal.LOGS, Signal.METRICS):
        client.insert_arrow(signal.value, to_table([batches.MAKERS[signal]()]))
    client.close()
    before = {
        table: store.query(f"SELECT {column} AS c FROM {table} ORDER BY toString(c)").to_pylist()
        for table, column in columns.items()
    }
    store.close()
    assert any(row["c"] for row in before["metrics"])
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    types = store.query(
        "SELECT DISTINCT type FROM system.columns "
        "WHERE database = currentDatabase() AND type LIKE 'Map%'"
    )
    for table, column in columns.items():
        store.insert(Signal(table), batches.MAKERS[Signal(table)]())
        store.flush()
        after = store.query(f"SELECT {column} AS c FROM {table} ORDER BY toString(c)").to_pylist()
        assert after[::2] == after[1::2] == before[table]
    store.close()
    assert types.column("type").to_pylist() == ["Map(String, String)"]


def test_a_store_is_taken_while_its_writer_lives_and_whole_when_it_was_killed(
    tmp_path: Path, observe: Observe, root: Path, run_python: Run
) -> None:
    folder = embedded_folder(TelemetryConfig(), tmp_path)
    assert folder is not None
    assert owner_of(folder) is None
    writer = run_python(WRITER, str(tmp_path), str(root))
    assert writer.stdout is not None
    acknowledged = int(writer.stdout.readline())
    with pytest.raises(StoreInUseError, match=r"http://127\.0\.0\.1:8470") as refused:
        open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    assert refused.value.pid == writer.pid
    owner = owner_of(folder)
    assert owner is not None
    assert (owner.pid, owner.url) == (writer.pid, "http://127.0.0.1:8470")
    while acknowledged < 500:
        acknowledged = int(writer.stdout.readline())
    writer.kill()
    rest = writer.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    writer.wait()
    writer.stdout.close()
    assert owner_of(folder) is None
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    answer = store.query("SELECT uniqExact(time_flow_end_ns) AS n, count() AS rows FROM flows")
    store.close()
    stored = answer.to_pylist()[0]["rows"]
    # What was written but not yet acknowledged may be there, and then whole.
    assert stored in {acknowledged, acknowledged + 100}
    assert answer.to_pylist()[0]["n"] == stored


def test_the_store_is_free_again_after_it_was_closed(tmp_path: Path, observe: Observe) -> None:
    folder = embedded_folder(TelemetryConfig(), tmp_path)
    assert folder is not None
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    assert owner_of(folder) is not None
    store.set_service_url("http://127.0.0.1:1")
    owner = owner_of(folder)
    assert owner is not None
    assert owner.url == "http://127.0.0.1:1"
    store.close()
    assert owner_of(folder) is None


def test_tables_of_a_newer_version_are_left_alone(tmp_path: Path, observe: Observe) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    client = connect(store.target, TelemetryConfig(), database="sensorium")
    client.command("INSERT INTO schema_steps (number, title) VALUES (99, 'from the future')")
    client.close()
    store.close()
    with pytest.raises(StoreOpenError, match="newer sensorium"):
        open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("chdb://data", "names no folder"),
        ("postgresql://x", "begins with chdb:// or clickhouse://"),
        ("clickhouse://host:port/db", "port is not a number"),
    ],
)
def test_a_wrong_dsn_is_explained(dsn: str, words: str) -> None:
    with pytest.raises(StoreOpenError, match=words):
        parse_dsn(dsn, "sensorium")


def test_a_password_is_not_repeated_in_errors(observe: Observe) -> None:
    dsn = "clickhouse://me:hunter2@127.0.0.1:1/telemetry"
    with pytest.raises(StoreOpenError, match=r"127\.0\.0\.1") as refused:
        open_telemetry(TelemetryConfig(dsn=dsn), observe)
    assert "hunter2" not in str(refused.value)


def test_a_folder_with_spaces_and_signs_is_used_as_it_is(tmp_path: Path, observe: Observe) -> None:
    data = tmp_path / "my data %41 é"
    open_telemetry(TelemetryConfig(), observe, data_dir=data).close()
    assert (data / "telemetry").is_dir()


def test_an_engine_that_cannot_make_its_temporary_folder_is_told_without_a_traceback(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "run", "--data", str(tmp_path / "data")],
        env={**os.environ, "TMPDIR": "/proc"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the embedded ClickHouse does not load: " in done.stderr
    assert "TMPDIR" in done.stderr.splitlines()[-1]
