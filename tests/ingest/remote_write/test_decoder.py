"""What was written comes out as samples, whatever else was in the request."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.remote_write import (
    V1,
    V2,
    RefusedWriteError,
    RemoteWriteConfig,
    RemoteWriteDecoder,
)
from sensorium.model.signals import METRICS
from sensorium.observe import Observe
from tests.ingest.remote_write import messages
from tests.ingest.remote_write.messages import request_v2, write_request
from tests.ingest.remote_write.oracle import Row, rows_of

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
NOW = 1_800_000_000_000
UP = [("__name__", "up"), ("instance", "a:1"), ("job", "node")]
ENCODERS = {V1: write_request, V2: request_v2}
each_version = pytest.mark.parametrize("version", [V1, V2])


def decoder(observe: Observe | None = None, **limits: Any) -> RemoteWriteDecoder:
    return RemoteWriteDecoder(RemoteWriteConfig(**limits), observe or Observe())


def rows(batch: Any) -> list[Row]:
    assert batch.schema.equals(METRICS)
    batch.validate(full=True)
    bits = batch.column("value").to_numpy().view(np.int64).tolist()
    return [
        (row["time_ns"], row["series_id"], row["name"], tuple(row["labels"]), value)
        for row, value in zip(batch.to_pylist(), bits, strict=True)
    ]


# --- what comes out ---------------------------------------------------------------------------


@each_version
def test_a_series_keeps_its_name_labels_times_and_the_bits_of_its_values(version: int) -> None:
    values = [1.5, -0.0, float("inf"), STALE, float("nan")]
    sent = [(UP, [(value, NOW + i) for i, value in enumerate(values)])]
    body = ENCODERS[version](sent).SerializeToString()
    decoded = decoder().decode(body, version)
    expected, _ = rows_of(body, version)
    assert rows(decoded.batch) == expected
    assert [row[0] for row in expected] == [(NOW + i) * 10**6 for i in range(len(values))]
    assert (decoded.samples, decoded.histograms, decoded.problems) == (5, 0, {})


def test_both_versions_give_one_series_the_same_id_and_so_does_a_scrape() -> None:
    from sensorium.ingest.prometheus import PrometheusConfig, PrometheusDecoder, Scrape

    one = decoder()
    ids = {
        one.decode(ENCODERS[v]([(UP, [(1, NOW)])]).SerializeToString(), v)
        .batch.column("series_id")[0]
        .as_py()
        for v in (V1, V2)
    }
    scraped = PrometheusDecoder(PrometheusConfig(), Observe()).decode(
        [Scrape(time_ns=NOW, job="node", instance="a:1", status=200, body=b"", duration_ns=0)]
    )
    ids |= {row["series_id"] for row in scraped.to_pylist() if row["name"] == "up"}
    assert len(ids) == 1


@each_version
def test_labels_are_sorted_and_those_without_value_left_out(version: int) -> None:
    labels = [("z", "1"), ("empty", ""), ("__name__", "m"), ("a", "é")]
    body = ENCODERS[version]([(labels, [(1, NOW)])]).SerializeToString()
    assert rows(decoder().decode(body, version).batch)[0][3] == (("a", "é"), ("z", "1"))


@each_version
def test_samples_out_of_order_are_taken_as_they_come(version: int) -> None:
    body = ENCODERS[version]([(UP, [(1, NOW), (2, NOW - 5000)])]).SerializeToString()
    assert [row[0] for row in rows(decoder().decode(body, version).batch)] == [
        NOW * 10**6,
        (NOW - 5000) * 10**6,
    ]


@each_version
def test_exemplars_and_created_times_are_counted_and_not_kept(version: int) -> None:
    observe = Observe()
    request = ENCODERS[version]([(UP, [(1, NOW)]), ([("job", "nameless")], [])])
    for series in request.timeseries:
        series.exemplars.add(value=1.0, timestamp=NOW)
    if version == V2:
        request.timeseries[0].samples[0].start_timestamp = NOW - 1000
        request.timeseries[0].created_timestamp = NOW - 1000
    decoded = decoder(observe).decode(request.SerializeToString(), version)
    assert (decoded.batch.num_rows, decoded.exemplars) == (1, 1)
    name = "sensorium_remote_write_not_kept_total"
    assert observe.value(name, {"form": "exemplar"}) == 1
    assert observe.value(name, {"form": "created_timestamp"}) == (2 if version == V2 else 0)


@each_version
def test_fields_of_later_versions_are_passed_over(version: int) -> None:
    body = ENCODERS[version]([(UP, [(1, NOW)])]).SerializeToString()
    # Field 900 as a varint, as eight bytes, as text and as four bytes.
    unknown = b"\xa0\x38\x05" + b"\xa1\x38" + bytes(8) + b"\xa2\x38\x02hi" + b"\xa5\x38" + bytes(4)
    tag = {V1: b"\x0a", V2: b"\x2a"}[version]
    series = tag + bytes([len(unknown)]) + unknown
    decoded = decoder().decode(unknown + body + series, version)
    assert rows(decoded.batch) == rows_of(body, version)[0]


# --- kinds ------------------------------------------------------------------------------------


def kinds(batch: Any) -> list[str]:
    return list(batch.column("kind").to_pylist())


def test_kinds_of_1_0_come_from_metadata_whenever_it_is_sent() -> None:
    one = decoder()
    names = ["hits_total", "size", "took_bucket", "took_sum", "other"]
    body = write_request([([("__name__", n)], [(1, NOW)]) for n in names]).SerializeToString()
    assert kinds(one.decode(body, V1).batch) == ["untyped"] * 5
    metadata = messages.V1["WriteRequest"]()
    for name, kind in (("hits_total", 1), ("size", 2), ("took", 3)):
        metadata.metadata.add(metric_family_name=name, type=kind)
    assert one.decode(metadata.SerializeToString(), V1).batch.num_rows == 0
    said = ["counter", "gauge", "histogram", "histogram", "untyped"]
    assert kinds(one.decode(body, V1).batch) == said


def test_kinds_of_2_0_come_with_the_series() -> None:
    one = decoder()
    for number, kind in enumerate(["untyped", "counter", "gauge", "histogram"]):
        body = request_v2([([("__name__", f"m{number}")], [(1, NOW)])], kind=number)
        assert kinds(one.decode(body.SerializeToString(), V2).batch) == [kind]


# --- what is refused --------------------------------------------------------------------------


@each_version
@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([("job", "x")], "no_metric_name"),
        ([("__name__", "")], "no_metric_name"),
        ([("__name__", "m"), ("", "x")], "empty_label_name"),
        ([("__name__", "m"), ("a", "1"), ("a", "2")], "label_twice"),
        ([("__name__", "m"), ("a", "x" * 999)], "labels_too_long"),
    ],
)
def test_a_series_that_cannot_be_one_is_refused_and_the_others_kept(
    version: int, labels: list[tuple[str, str]], reason: str
) -> None:
    observe = Observe()
    one = decoder(observe, max_label_bytes=512)
    sent = [(UP, [(1, NOW)]), (labels, [(1, NOW), (2, NOW)]), (UP, [(3, NOW)])]
    body = ENCODERS[version](sent).SerializeToString()
    for _ in range(2):  # the second time it is known to be none
        decoded = one.decode(body, version)
        assert [row[2] for row in rows(decoded.batch)] == ["up", "up"]
        assert decoded.problems == {reason: 2}
    counted = {"protocol": "remote_write", "reason": reason}
    assert observe.value("sensorium_ingest_dropped_total", counted) == 4


def test_text_that_is_no_utf8_and_a_name_without_value_are_refused() -> None:
    label = b"\x0a\x08__name__\x12\x01\xff"
    series = b"\x0a" + bytes([len(label)]) + label + b"\x12\x02\x10\x01"
    body = b"\x0a" + bytes([len(series)]) + series
    assert decoder().decode(body, V1).problems == {"label_not_utf8": 1}
    request = request_v2([(UP, [(1, NOW)])])
    request.timeseries[0].labels_refs.append(1)
    assert decoder().decode(request.SerializeToString(), V2).problems == {"label_without_value": 1}


@each_version
def test_a_time_beyond_the_years_is_refused(version: int) -> None:
    sent = [(UP, [(1, (1 << 63) - 1), (2, -(1 << 63)), (3, NOW)])]
    decoded = decoder().decode(ENCODERS[version](sent).SerializeToString(), version)
    assert (decoded.batch.num_rows, decoded.problems) == (1, {"timestamp": 2})


def test_a_reference_to_no_symbol_makes_the_request_malformed() -> None:
    request = request_v2([(UP, [(1, NOW)])])
    request.timeseries[0].labels_refs[1] = 99
    with pytest.raises(RefusedWriteError) as refused:
        decoder().decode(request.SerializeToString(), V2)
    assert refused.value.reason == "malformed"


@each_version
def test_too_many_samples_and_too_large_rows_are_refused_whole(version: int) -> None:
    body = ENCODERS[version]([(UP, [(1, NOW)] * 11)]).SerializeToString()
    with pytest.raises(RefusedWriteError) as refused:
        decoder(max_samples=10).decode(body, version)
    assert refused.value.reason == "too_many_samples"
    # A small body can name a long label set again and again.
    labels = [("__name__", "m"), ("long", "x" * 16_000)]
    body = ENCODERS[version]([(labels, [(1, NOW)] * 100)]).SerializeToString()
    with pytest.raises(RefusedWriteError) as refused:
        decoder(max_row_bytes=1 << 20).decode(body, version)
    assert refused.value.reason == "too_large"


# --- memory -----------------------------------------------------------------------------------


@each_version
def test_when_too_many_series_are_known_it_begins_again(version: int) -> None:
    observe = Observe()
    one = decoder(observe, max_cached_series=1000)
    for turn in range(5):
        sent = [([("__name__", f"m{i % 3}"), ("n", f"{turn}/{i}")], [(i, NOW)]) for i in range(400)]
        body = ENCODERS[version](sent).SerializeToString()
        assert rows(one.decode(body, version).batch) == rows_of(body, version)[0]
        assert observe.value("sensorium_remote_write_cached_series") <= 1000


def test_preparing_leaves_nothing_behind() -> None:
    observe = Observe()
    one = decoder(observe)
    one.prepare()
    assert observe.value("sensorium_remote_write_samples_total", {"form": "float"}) == 0


# --- against the slow twin, and against noise -------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LABELS = st.lists(st.tuples(WORDS | st.just("__name__"), WORDS), max_size=5).map(
    lambda labels: [("__name__", "m"), *labels]
)
SAMPLES = st.lists(
    st.tuples(st.floats(), st.integers(-(2**62), 2**62) | st.integers(0, 2 * NOW)), max_size=4
)
SERIES = st.lists(st.tuples(LABELS, SAMPLES), max_size=8)
SHARED = decoder()


@each_version
@given(series=SERIES)
def test_it_agrees_with_the_slow_decoder(version: int, series: Any) -> None:
    body = ENCODERS[version](series).SerializeToString()
    expected, refused = rows_of(body, version)
    for one in (SHARED, decoder()):
        decoded = one.decode(body, version)
        assert rows(decoded.batch) == expected
        assert sum(decoded.problems.values()) == refused


REAL = {
    version: encode(
        [(UP, [(1.0, NOW)]), ([*UP, ("x", "y" * 40)], [(2.0, NOW), (3.0, NOW)])]
    ).SerializeToString()
    for version, encode in ENCODERS.items()
}


def attempt(one: RemoteWriteDecoder, body: bytes, version: int) -> None:
    with contextlib.suppress(RefusedWriteError):
        one.decode(body, version).batch.validate(full=True)


@each_version
@given(body=st.binary(max_size=300))
def test_no_bytes_make_it_fail(version: int, body: bytes) -> None:
    attempt(SHARED, body, version)


@each_version
@given(data=st.data())
def test_no_damage_to_a_request_makes_it_fail(version: int, data: st.DataObject) -> None:
    body = bytearray(REAL[version])
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    attempt(SHARED, bytes(body[: data.draw(st.integers(0, len(body)))]), version)


@each_version
def test_a_request_cut_short_anywhere_is_refused_or_whole_to_there(version: int) -> None:
    for size in range(len(REAL[version])):
        attempt(SHARED, REAL[version][:size], version)
