"""What is inserted comes back, column for column."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensorium.model.signals import LABELS, METRICS, SCHEMAS, Signal
from sensorium.store.telemetry import ClickHouseTelemetry
from sensorium.store.telemetry.tables import LOG_TEMPLATES
from tests.store.telemetry import batches

ORDER = {
    Signal.FLOWS: "time_flow_end_ns",
    Signal.LOGS: "time_ns",
    Signal.METRICS: "time_ns",
    Signal.CHANGES: "start_ns",
}


def as_inserted(table: pa.Table, signal: Signal) -> pa.Table:
    """An answer with the types of the signal's schema: integer times, dictionaries."""
    schema = SCHEMAS[signal]
    if signal is Signal.METRICS:  # labels are read from a column of their own, and come last
        assert table.column_names[-2:] == ["series_labels", "labels"]
        table = table.select(schema.names)
    assert table.column_names == schema.names
    columns = []
    for field in schema:
        column = table.column(field.name).combine_chunks()
        if field.name.endswith("_ns"):
            assert column.type == pa.timestamp("ns", "UTC")
            column = column.view(pa.int64())
        columns.append(column)
    return pa.table(columns, names=schema.names)


def plain(table: pa.Table | pa.RecordBatch) -> list[tuple[str, ...]]:
    """Rows whose values compare equal when they are the same: NaN and -0.0 by their spelling."""
    return [tuple(repr(value) for value in row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("signal", list(Signal))
def test_every_column_of_every_signal_comes_back(
    telemetry: ClickHouseTelemetry, signal: Signal
) -> None:
    batch = batches.MAKERS[signal]()
    telemetry.insert(signal, batch)
    telemetry.flush()
    answer = telemetry.query(f"SELECT * FROM {signal.value} ORDER BY {ORDER[signal]}")
    assert plain(as_inserted(answer, signal)) == plain(batch)


def test_addresses_read_as_text_where_sql_wants_text(telemetry: ClickHouseTelemetry) -> None:
    telemetry.insert(Signal.FLOWS, batches.flows(3))
    telemetry.flush()
    sql = "SELECT replaceOne(toString(src_addr), '::ffff:', '') AS a FROM flows ORDER BY a"
    texts = telemetry.query(sql).column("a").to_pylist()
    assert texts == ["10.0.0.1", "2001:db8::7", "::"]


def test_batches_whose_dictionaries_differ_are_written_together(
    telemetry: ClickHouseTelemetry,
) -> None:
    first = batches.flows(2)
    v5 = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int8()), ["NETFLOW_V5"])
    second = first.set_column(0, first.schema.field(0), v5)
    telemetry.insert(Signal.FLOWS, first)
    telemetry.insert(Signal.FLOWS, second)
    telemetry.flush()
    answer = telemetry.query("SELECT type, count() AS n FROM flows GROUP BY type ORDER BY type")
    assert answer.to_pylist() == [
        {"type": "IPFIX", "n": 1},
        {"type": "NETFLOW_V5", "n": 2},
        {"type": "NETFLOW_V9", "n": 1},
    ]


def test_a_change_that_is_told_twice_is_kept_once(telemetry: ClickHouseTelemetry) -> None:
    for _ in range(2):
        telemetry.insert(Signal.CHANGES, batches.changes(3))
        telemetry.flush()
    assert telemetry.query("SELECT ref FROM changes FINAL").num_rows == 3


def test_a_template_keeps_its_earliest_sighting(telemetry: ClickHouseTelemetry) -> None:
    for seen in (900, 300, 600):
        columns = [pa.array([7], pa.uint64()), pa.array(["login <*>"]), pa.array([seen])]
        telemetry.insert_templates(pa.record_batch(columns, schema=LOG_TEMPLATES))
        telemetry.flush()
    answer = telemetry.query(
        "SELECT template_id, any(template) AS text, "
        "toUnixTimestamp64Nano(min(first_seen_ns)) AS first FROM log_templates GROUP BY template_id"
    )
    assert answer.to_pylist() == [{"template_id": 7, "text": "login <*>", "first": 300}]


def test_columns_of_another_signal_are_refused(telemetry: ClickHouseTelemetry) -> None:
    with pytest.raises(ValueError, match="columns of logs"):
        telemetry.insert(Signal.LOGS, batches.flows())


def test_labels_are_read_from_what_a_series_has_once_in_an_insert(
    telemetry: ClickHouseTelemetry,
) -> None:
    told = {1: {"a": 'b"\\c', "d": ""}, 2: {}, 3: {"line": "one\ntwo\x00", "é": "ü/"}}
    ids = [1, 2, 3, 1, 3, 1]
    batch = pa.record_batch(
        [
            pa.array(range(len(ids)), pa.int64()),
            pa.array(ids, pa.uint64()),
            pa.array([f"name_{one}" for one in ids]),
            pa.array([list(told[one].items()) for one in ids], LABELS),
            pa.array([0.5] * len(ids)),
            pa.array(["gauge", "counter"] * 3),
        ],
        schema=METRICS,
    )
    telemetry.insert(Signal.METRICS, batch.slice(1))
    telemetry.flush()
    answer = telemetry.query("SELECT * FROM metrics ORDER BY time_ns")
    assert plain(as_inserted(answer, Signal.METRICS)) == plain(batch.slice(1))
    found = telemetry.query(
        "SELECT count() AS n FROM metrics WHERE labels['d'] = '' AND name = 'name_1'"
    )
    assert found.to_pylist() == [{"n": 2}]


samples = st.lists(
    st.tuples(
        st.integers(0, 2**62),
        st.text(max_size=20),
        st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4),
        st.floats(allow_nan=False),
    ),
    min_size=1,
    max_size=20,
)


@given(rows=samples)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sample_comes_back(
    telemetry: ClickHouseTelemetry, rows: list[tuple[int, str, dict[str, str], float]]
) -> None:
    # One store serves all examples: each asks for the series that it wrote itself.
    first = telemetry.query("SELECT count() AS n FROM metrics").column("n")[0].as_py()
    batch = pa.record_batch(
        [
            pa.array([time for time, *_ in rows], pa.int64()),
            pa.array(range(first, first + len(rows)), pa.uint64()),
            pa.array([name for _, name, *_ in rows], pa.string()),
            pa.array([list(labels.items()) for _, _, labels, _ in rows], LABELS),
            pa.array([value for *_, value in rows], pa.float64()),
            pa.array(["gauge"] * len(rows)),
        ],
        schema=METRICS,
    )
    telemetry.insert(Signal.METRICS, batch)
    telemetry.flush()
    answer = telemetry.query(
        "SELECT * FROM metrics WHERE series_id >= {first:UInt64} ORDER BY series_id",
        {"first": first},
    )
    assert plain(as_inserted(answer, Signal.METRICS)) == plain(batch)
