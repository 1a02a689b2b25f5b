"""A native histogram becomes the classic series that say the same."""

from __future__ import annotations

import contextlib
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.remote_write import V1, V2, RemoteWriteConfig, RemoteWriteDecoder
from sensorium.ingest.remote_write.histograms import MalformedHistogramError, read_histogram
from sensorium.observe import Observe
from tests.ingest.remote_write import messages

NOW = 1_800_000_000_000
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


def histogram(version: int = V1, **fields: Any) -> Any:
    spans = {key: fields.pop(key, []) for key in ("positive_spans", "negative_spans")}
    made = (messages.V1 if version == V1 else messages.V2)["Histogram"](timestamp=NOW, **fields)
    for key, pairs in spans.items():
        for offset, length in pairs:
            getattr(made, key).add(offset=offset, length=length)
    return made


def request(version: int, *histograms: Any) -> bytes:
    if version == V1:
        made = messages.write_request([([("__name__", "took"), ("job", "x")], [])])
    else:
        made = messages.request_v2([([("__name__", "took"), ("job", "x")], [])])
    made.timeseries[0].histograms.extend(histograms)
    return bytes(made.SerializeToString())


def decode(version: int, *histograms: Any) -> Any:
    one = RemoteWriteDecoder(RemoteWriteConfig(), Observe())
    return one.decode(request(version, *histograms), version)


def told(decoded: Any) -> dict[str, float]:
    return {
        row["name"] + dict(row["labels"]).get("le", ""): row["value"]
        for row in decoded.batch.to_pylist()
    }


@pytest.mark.parametrize("version", [V1, V2])
def test_integer_buckets_become_cumulative_classic_ones(version: int) -> None:
    one = histogram(
        version,
        count_int=12,
        sum=18.4,
        schema=0,
        zero_threshold=0.001,
        zero_count_int=2,
        positive_spans=[(0, 2), (1, 2)],  # indexes 0, 1, 3, 4
        positive_deltas=[1, 1, -1, 0],  # 1, 2, 1, 1
        negative_spans=[(0, 2)],
        negative_deltas=[2, 1],  # 2, 3
    )
    decoded = decode(version, one)
    assert told(decoded) == {
        "took_count": 12,
        "took_sum": 18.4,
        "took_bucket-1": 3,
        "took_bucket-0.5": 5,
        "took_bucket0.001": 7,
        "took_bucket1": 8,
        "took_bucket2": 10,
        "took_bucket8": 11,
        "took_bucket16": 12,
        "took_bucket+Inf": 12,
    }
    assert (decoded.samples, decoded.histograms) == (0, 1)
    assert {row["kind"] for row in decoded.batch.to_pylist()} == {"histogram"}
    assert {row["time_ns"] for row in decoded.batch.to_pylist()} == {NOW * 10**6}
    assert all(("job", "x") in row["labels"] for row in decoded.batch.to_pylist())


def test_float_counts_and_finer_schemas() -> None:
    one = histogram(
        count_float=1.5, sum=1.0, schema=3, positive_spans=[(-7, 1)], positive_counts=[1.5]
    )
    bound = repr(2.0 ** (-7 / 8))
    assert told(decode(V1, one))[f"took_bucket{bound}"] == 1.5


def test_custom_bounds_are_the_ones_that_are_said() -> None:
    one = histogram(
        count_int=6,
        sum=9.0,
        schema=-53,
        custom_values=[0.1, 0.5, 2.5],
        positive_spans=[(0, 4)],
        positive_deltas=[1, 0, 1, 0],
    )
    buckets = {key: n for key, n in told(decode(V2, histogram_v2(one))).items() if "bucket" in key}
    assert buckets == {
        "took_bucket0.1": 1,
        "took_bucket0.5": 2,
        "took_bucket2.5": 4,
        "took_bucket+Inf": 6,
    }


def histogram_v2(one: Any) -> Any:
    """The same message in the other version: their fields are the same."""
    return messages.V2["Histogram"].FromString(one.SerializeToString())


def test_a_stale_histogram_ends_its_count_and_sum() -> None:
    decoded = decode(V1, histogram(count_int=0, sum=STALE))
    assert set(told(decoded)) == {"took_count", "took_sum"}
    assert all(math.isnan(value) for value in told(decoded).values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": 9},
        {"positive_spans": [(0, 2)], "positive_deltas": [1]},
        {"schema": -53, "positive_spans": [(5, 1)], "positive_deltas": [1]},
        {"positive_spans": [(0, (1 << 32) - 1)]},
        {"positive_spans": [(0, 2), (-1, 1)], "positive_deltas": [1, -1, 0]},
        {"positive_spans": [(0, 3)], "positive_deltas": [1, -2, 2]},
        {"negative_spans": [(0, 2)], "negative_counts": [-1.0, 2.0]},
        {"zero_count_int": 2},
        {"positive_spans": [(0, 1)], "positive_deltas": [1], "zero_count_int": 1},
        {},
        {"zero_count_int": 1, "custom_values": [1.0]},
        {"schema": -53, "custom_values": [1.0], "zero_count_int": 1},
        *(
            {"schema": -53, "custom_values": bounds, "positive_spans": [(0, 1)],
             "positive_deltas": [1]}
            for bounds in ([1.0, 1.0], [2.0, 1.0], [1.0, math.inf], [math.nan])
        ),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_alone(wrong: dict[str, Any]) -> None:
    sound = histogram(count_int=7, zero_count_int=7)
    decoded = decode(V1, histogram(count_int=1, sum=1.0, **wrong), sound)
    assert decoded.problems == {"histogram": 1}
    assert told(decoded)["took_count"] == 7


def test_what_was_no_number_is_counted_in_no_bucket() -> None:
    assert told(decode(V1, histogram(count_int=3, sum=math.nan, zero_count_int=2)))[
        "took_bucket+Inf"
    ] == 3  # fmt: skip
    assert decode(V1, histogram(count_int=1, sum=math.nan, zero_count_int=2)).problems


def test_whole_numbers_are_compared_to_the_last_unit() -> None:
    many = (1 << 60) + 1
    assert not decode(V1, histogram(count_int=many, zero_count_int=many)).problems
    assert decode(V1, histogram(count_int=many, zero_count_int=many - 1)).problems


def test_of_float_counts_the_total_may_be_rounded() -> None:
    one = histogram(count_float=0.3, positive_spans=[(0, 2)], positive_counts=[0.1, 0.2], schema=0)
    assert 0.1 + 0.2 != 0.3
    assert not decode(V1, one).problems


@given(
    st.binary(max_size=80)
    | st.lists(st.integers(0, 255), max_size=20).map(
        lambda extra: (
            histogram(
                count_int=3, sum=1.0, positive_spans=[(0, 2)], positive_deltas=[1, 1]
            ).SerializeToString()[: 30 - len(extra)]
            + bytes(extra)
        )
    )
)
def test_no_bytes_do_more_than_be_refused(message: bytes) -> None:
    with contextlib.suppress(MalformedHistogramError):
        read_histogram(message)


@given(
    counts=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    offset=st.integers(-40, 40),
    schema=st.integers(-4, 8),
)
def test_bounds_rise_and_counts_never_fall(counts: list[int], offset: int, schema: int) -> None:
    deltas = [b - a for a, b in zip([0, *counts], counts, strict=False)]
    one = histogram(
        count_int=sum(counts),
        schema=schema,
        positive_spans=[(offset, len(counts))],
        positive_deltas=deltas,
    )
    buckets = read_histogram(one.SerializeToString()).buckets
    assert [b for b, _ in buckets] == sorted(b for b, _ in buckets)
    assert [n for _, n in buckets] == sorted(n for _, n in buckets)
    assert (buckets[-1][1] if buckets else 0) == sum(counts)
