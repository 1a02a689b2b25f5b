"""Questions: bound parameters, read-only, and errors in the engine's own words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.errors import QueryFailedError, QueryRefusedError
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.store.telemetry.statement import require_read_only
from tests.store.telemetry import batches


@pytest.fixture(scope="module")
def observe() -> Observe:
    """Counters of all questions of this file."""
    return Observe()


@pytest.fixture(scope="module")
def telemetry(
    tmp_path_factory: pytest.TempPathFactory, observe: Observe
) -> Iterator[ClickHouseTelemetry]:
    """One store for all questions of this file: nothing here can change it."""
    folder = tmp_path_factory.mktemp("questions")
    store = open_telemetry(TelemetryConfig(), observe, data_dir=folder)
    store.insert(Signal.LOGS, batches.logs(10))
    store.flush()
    yield store
    store.close()


HOSTILE = ["a'b", 'a"b', "a\\b", "tab\tx", "line\nx", "{x:String}", "%s", "\\N", "", "'; DROP--"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_parameter_is_a_value_and_never_sql(telemetry: ClickHouseTelemetry, text: str) -> None:
    answer = telemetry.query("SELECT {text:String} AS text", {"text": text})
    assert answer.column("text").to_pylist() == [text]


def test_lists_addresses_and_whole_numbers_are_parameters_too(
    telemetry: ClickHouseTelemetry,
) -> None:
    answer = telemetry.query(
        "SELECT {words:Array(String)} AS words, toString({host:IPv6}) AS host, {n:UInt64} AS n,"
        " toString({v4:IPv6}) AS v4",
        {"words": HOSTILE, "host": "2001:db8::1", "n": 2**64 - 1, "v4": "10.0.0.1"},
    )
    assert answer.to_pylist() == [
        {"words": HOSTILE, "host": "2001:db8::1", "n": 2**64 - 1, "v4": "::ffff:10.0.0.1"}
    ]


def test_a_span_of_event_time_is_bound_as_nanoseconds(telemetry: ClickHouseTelemetry) -> None:
    answer = telemetry.query(
        "SELECT toUnixTimestamp64Nano(time_ns) AS t FROM logs "
        "WHERE time_ns >= fromUnixTimestamp64Nano({start_ns:Int64}) "
        "AND time_ns < fromUnixTimestamp64Nano({end_ns:Int64}) ORDER BY t",
        {"start_ns": batches.NOON + 3 * 10**9, "end_ns": batches.NOON + 5 * 10**9},
    )
    assert answer.column("t").to_pylist() == [batches.NOON + s * 10**9 for s in (3, 4)]


REFUSED = [
    "INSERT INTO metrics SELECT * FROM metrics",
    "DROP TABLE flows",
    "SET readonly = 0",
    "SELECT 1; DROP TABLE flows",
    "SELECT 1 INTO OUTFILE '/tmp/answer'",
    "SELECT 1 INTO/**/OUTFILE '/tmp/answer'",
    "SELECT file('/etc/hostname')",
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT `file`('/etc/hostname')",
    "SELECT \"file\" ( '/etc/hostname' )",
    "SELECT 1 FORMAT CSV",
    "",
    "-- SELECT\nDROP TABLE flows",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not_one_plain_read_is_not_sent(sql: str) -> None:
    with pytest.raises(QueryRefusedError, match="was not sent"):
        require_read_only(sql)


ALLOWED = [
    "SELECT 'INTO OUTFILE; file(1)' AS x",
    "WITH 1 AS one SELECT one;",
    "-- what\nSELECT /* ; */ 1",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "SELECT profile(1)",
    "SELECT 'it''s \\' ; fine'",
    "SELECT file FROM t",
]


@pytest.mark.parametrize("sql", ALLOWED)
def test_quoted_text_and_comments_do_not_make_a_read_look_like_a_write(sql: str) -> None:
    require_read_only(sql)


ENGINE_REFUSES = [
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM executable('ls', 'TSV', 'a String')",
    "SELECT 1 SETTINGS readonly = 0",
]


@pytest.mark.parametrize("sql", ENGINE_REFUSES)
def test_the_engine_itself_refuses_what_reaches_outside(
    telemetry: ClickHouseTelemetry, sql: str
) -> None:
    with pytest.raises(QueryFailedError, match="READONLY"):
        telemetry.query(sql)


def test_nothing_was_written_by_refused_statements(
    telemetry: ClickHouseTelemetry, tmp_path: Path
) -> None:
    target = tmp_path / "answer"
    with pytest.raises(QueryRefusedError):
        telemetry.query(f"SELECT 1 INTO OUTFILE '{target}'")
    assert not target.exists()


def test_a_wrong_question_fails_in_the_engines_words_and_is_counted(
    telemetry: ClickHouseTelemetry, observe: Observe
) -> None:
    labels = {"outcome": "failed"}
    before = observe.value("sensorium_store_queries_total", labels)
    with pytest.raises(QueryFailedError, match="no_such_column"):
        telemetry.query("SELECT no_such_column FROM flows")
    assert telemetry.query("SELECT 1 AS one").num_rows == 1
    assert observe.value("sensorium_store_queries_total", labels) == before + 1


def test_a_query_that_breaks_off_leaves_nothing_in_the_next_answer(
    telemetry: ClickHouseTelemetry,
) -> None:
    greedy = "SELECT length(groupArray(toString(number))) AS n FROM numbers(30000000)"
    with pytest.raises(QueryFailedError, match="MEMORY_LIMIT_EXCEEDED"):
        telemetry.query(greedy)
    assert telemetry.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    for _ in range(3):
        with pytest.raises(QueryFailedError, match="non-zero"):
            telemetry.query("SELECT number, throwIf(number = 900000) FROM numbers(1000000)")
    assert telemetry.query("SELECT 2 AS two").to_pylist() == [{"two": 2}]
