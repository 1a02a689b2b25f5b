"""Scrapes become samples as Prometheus would have them, however bodies change between scrapes."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sensorium.ingest.prometheus import PrometheusConfig, PrometheusDecoder, Scrape
from sensorium.model.signals import METRICS
from sensorium.observe import Observe

NOW = 1_700_000_000_123_456_789
TARGET = {"job": "shop", "instance": "10.0.0.9:8000"}


def make(**config: Any) -> PrometheusDecoder:
    return PrometheusDecoder(PrometheusConfig(**config), Observe())


def scraped(body: bytes, *, status: int = 200, time_ns: int = NOW, job: str = "shop") -> Scrape:
    return Scrape(time_ns, job, TARGET["instance"], status, body, 250_000_000)


def decode(
    *scrapes: Scrape, decoder: PrometheusDecoder | None = None, own: bool = False
) -> list[dict[str, Any]]:
    """The rows, labels as a dict; without ``up`` and the duration unless ``own``."""
    batch = (decoder or make()).decode(scrapes)
    batch.validate(full=True)
    assert batch.schema.equals(METRICS)
    rows = [{**row, "labels": dict(row["labels"])} for row in batch.to_pylist()]
    return [r for r in rows if own or r["name"] not in ("up", "scrape_duration_seconds")]


def test_a_sample_has_its_name_labels_value_kind_and_time() -> None:
    (row,) = decode(
        scraped(
            b"# HELP http_requests_total Requests.\n"
            b"# TYPE http_requests_total counter\n"
            b'http_requests_total{method="post",code="200"} 1027\n'
        )
    )
    assert row["name"] == "http_requests_total"
    assert row["labels"] == {"code": "200", "method": "post", **TARGET}
    assert list(row["labels"]) == sorted(row["labels"])
    assert (row["value"], row["kind"], row["time_ns"]) == (1027.0, "counter", NOW)


def test_a_time_that_is_stated_holds() -> None:
    body = b'a 1 1395066363000\nb 2\nc{x="y"} 3 -1\n'
    assert [r["time_ns"] for r in decode(scraped(body))] == [1395066363 * 10**9, NOW, -(10**6)]
    open_metrics = b"a 1 1395066363.5\nb 2\n# EOF\n"
    assert [r["time_ns"] for r in decode(scraped(open_metrics))] == [1395066363500 * 10**6, NOW]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1.458255915e9", 1458255915.0),
        (b"+Inf", math.inf),
        (b"-Inf", -math.inf),
        (b"-0.5", -0.5),
        (b"1e-400", 0.0),
        (b".5", 0.5),
        (b"5.", 5.0),
        (b"0.1", 0.1),
        (b"9007199254740993", 9007199254740992.0),
    ],
)
def test_values_are_read_exactly(text: bytes, value: float) -> None:
    (row,) = decode(scraped(b"a " + text + b"\n"))
    assert row["value"] == value


def test_nan_is_a_value() -> None:
    (row,) = decode(scraped(b"a NaN"))
    assert math.isnan(row["value"])


def test_escapes_in_labels_are_undone() -> None:
    body = b'a{path="C:\\\\DIR\\\\F.TXT",error="not found:\\n\\"F.TXT\\"",odd="\\q} {"} 1\n'
    (row,) = decode(scraped(body))
    assert row["labels"] == {
        "path": "C:\\DIR\\F.TXT",
        "error": 'not found:\n"F.TXT"',
        "odd": "\\q} {",
        **TARGET,
    }


def test_kinds_follow_the_type_lines_above() -> None:
    body = b"""early 1
# TYPE early gauge
# TYPE t histogram
t_bucket{le="+Inf"} 3
t_sum 4
t_count 3
t_other 3
# TYPE s summary
s{quantile="0.5"} 1
s_count 2
# TYPE n counter
n_total 1
n_created 2
# TYPE u unknown
u 1
# TYPE g gauge_histogram
g_bucket{le="+Inf"} 3
g_gcount 3
"""
    kinds = {row["name"]: row["kind"] for row in decode(scraped(body))}
    assert kinds == {
        "early": "untyped",
        "t_bucket": "histogram",
        "t_sum": "histogram",
        "t_count": "histogram",
        "t_other": "untyped",
        "s": "summary",
        "s_count": "summary",
        "n_total": "counter",
        "n_created": "gauge",
        "u": "untyped",
        "g_bucket": "histogram",
        "g_gcount": "histogram",
    }


def test_each_scrape_says_whether_it_was_answered_and_how_long_it_took() -> None:
    rows = decode(scraped(b"a 1\n"), scraped(b"a 1\n", status=0, time_ns=NOW + 1), own=True)
    own = [(r["name"], r["value"], r["time_ns"], r["labels"], r["kind"]) for r in rows[1:]]
    assert own == [
        ("up", 1.0, NOW, TARGET, "gauge"),
        ("scrape_duration_seconds", 0.25, NOW, TARGET, "gauge"),
        ("up", 0.0, NOW + 1, TARGET, "gauge"),
        ("scrape_duration_seconds", 0.25, NOW + 1, TARGET, "gauge"),
    ]


def test_a_page_that_is_no_exposition_is_not_up() -> None:
    rows = decode(scraped(b"<html>\n<h1>Welcome</h1>\n"), own=True)
    assert next((r["name"], r["value"]) for r in rows) == ("up", 0.0)
    rows = decode(scraped(b"# nothing to tell\n"), own=True)
    assert next((r["name"], r["value"]) for r in rows) == ("up", 1.0)


def test_a_label_that_the_target_has_too_is_kept_under_another_name() -> None:
    (row,) = decode(scraped(b'a{job="inner",instance="",x=""} 1'))
    assert row["labels"] == {"exported_job": "inner", **TARGET}


MALFORMED = [
    b"two words 1",
    b"no_value",
    b"a{x=1} 2",
    b"a{x=\"1\" 2",
    b"a{x=\"1\",x=\"2\"} 2",
    b"a{x=\"1\"y=\"2\"} 2",
    b"a{x=\"\xff\"} 2",
    b"1a 2",
    b"a one",
    b"a 0x10",
    b"a 1_0",
    b"a 1 2 3",
    b"a 1 soon",
    b"a 1 1e300",
    b"a 1 1395066363.5",
    b"{x=\"1\"} 2",
    b"{} 2",
    b"\"a\" 2",
    b"a{x=\"1\"}b 2",
    b"=",
]  # fmt: skip


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_line_is_counted_and_its_neighbours_are_kept(line: bytes) -> None:
    observe = Observe()
    decoder = PrometheusDecoder(PrometheusConfig(), observe)
    rows = decode(scraped(b"before 1\n" + line + b"\nafter 2\n"), decoder=decoder)
    assert [(r["name"], r["value"]) for r in rows] == [("before", 1.0), ("after", 2.0)]
    labels = {"protocol": "prometheus", "reason": "malformed"}
    assert observe.value("sensorium_ingest_dropped_total", labels) == 1


@pytest.mark.parametrize(
    ("line", "series"),
    [
        (b"#\tTYPE\ta\tcounter", b"a"),
        (b"#TYPE  a  counter \r", b"a"),
        (b'# TYPE "a.b" counter', b'{"a.b"}'),
        (b'# TYPE "one \\"a\\" {b} \\\\n \\n#" counter', b'{"one \\"a\\" {b} \\\\n \\n#",x="y"}'),
    ],
)
def test_a_type_is_known_whatever_parts_its_line_and_its_name_holds(
    line: bytes, series: bytes
) -> None:
    (row,) = decode(scraped(line + b"\n" + series + b" 1\n"))
    assert row["kind"] == "counter"


@pytest.mark.parametrize("line", [b"# TYPED a counter", b"# TYPE", b"# TYPE a", b"# TYPE a b c"])
def test_a_comment_that_is_nearly_a_type_is_none(line: bytes) -> None:
    (row,) = decode(scraped(line + b"\na 1\n"))
    assert row["kind"] == "untyped"


def test_only_the_whole_mark_of_the_end_makes_times_seconds() -> None:
    body = b"a 1 1395066363000\n# EOFs are counted below\n"
    assert [r["time_ns"] for r in decode(scraped(body))] == [1395066363 * 10**9]


def test_a_label_called_as_the_name_is_refused() -> None:
    observe = Observe()
    decoder = PrometheusDecoder(PrometheusConfig(), observe)
    body = b'a{__name__="b"} 1\n{"a","__name__"="b"} 1\n{__name__="a"} 1\na 1\n'
    assert len(decode(scraped(body), decoder=decoder)) == 1
    labels = {"protocol": "prometheus", "reason": "malformed"}
    assert observe.value("sensorium_ingest_dropped_total", labels) == 3


def test_exemplars_and_quoted_names_of_newer_formats_are_understood() -> None:
    body = b'h_bucket{le="1"} 4 # {trace_id="a b"} 0.5 1.2\n{"my.metric",a="b"} 5\n{"x"} 6 # {} 1\n'
    rows = decode(scraped(body))
    assert [(r["name"], r["value"]) for r in rows] == [
        ("h_bucket", 4.0),
        ("my.metric", 5.0),
        ("x", 6.0),
    ]


def test_a_series_keeps_its_number_wherever_and_in_whatever_order_it_is_seen() -> None:
    one = decode(scraped(b'a{x="1",y="2"} 1\n'))[0]
    other = decode(scraped(b'b 1\na{y="2",x="1"} 9\n'))[1]
    assert one["series_id"] == other["series_id"] == 0xDB079A8B03FDF9F0
    different = decode(
        scraped(b'a{x="1"} 1\na{x="1",y="3"} 1\nb{x="1",y="2"} 1\na{x="1y",z="2"} 1\n'),
        scraped(b'a{x="1",y="2"} 1\n', job="other"),
    )
    ids = [one["series_id"], *(row["series_id"] for row in different)]
    assert len(set(ids)) == len(ids)


def test_a_body_that_changes_between_scrapes_is_read_anew() -> None:
    decoder = make()
    first = b'# TYPE a counter\na{x="1"} 1\na{x="2"} 2\n'
    grown = b'# TYPE a gauge\na{x="0"} 0\na{x="1"} 1\nbad line\na{x="2"} 2\n'
    for body in (first, first, grown, first, grown):
        assert decode(scraped(body), decoder=decoder) == decode(scraped(body))


def test_a_scrape_beyond_the_limit_is_cut_and_counted() -> None:
    observe = Observe()
    decoder = PrometheusDecoder(PrometheusConfig(max_samples_per_scrape=3), observe)
    rows = decode(scraped(b"".join(b"a%d 1\n" % i for i in range(10))), decoder=decoder)
    assert [row["name"] for row in rows] == ["a0", "a1", "a2"]
    labels = {"protocol": "prometheus", "reason": "sample_limit"}
    assert observe.value("sensorium_ingest_dropped_total", labels) == 7


def test_what_is_remembered_is_bounded() -> None:
    observe = Observe()
    decoder = PrometheusDecoder(PrometheusConfig(max_cached_series=50), observe)
    body = b"".join(b"a%d 1\n" % i for i in range(20))
    for turn in range(10):
        rows = decode(scraped(body, job=f"j{turn}"), decoder=decoder)
        assert len(rows) == 20
        assert observe.value("sensorium_prometheus_cached_series") <= 50


def test_nothing_scraped_gives_no_rows() -> None:
    assert make().decode([]).num_rows == 0


name = st.from_regex(r"[b-z_:][a-o0-9_]{0,4}(_total|_bucket|_sum|_count)?", fullmatch=True)
label = st.tuples(
    st.from_regex(r"[a-z_][a-z0-9]{0,2}", fullmatch=True),
    st.text('abé,{}=# \\"\n', max_size=5).filter(bool),
)
value = st.floats(allow_nan=False).map(repr) | st.sampled_from(["+Inf", "-Inf", "3", "1e3", ".5"])
# Without counters: the other parser renames those that do not end in _total.
kind = st.sampled_from(["gauge", "histogram", "summary", "untyped"])
blank = st.sampled_from([" ", "  ", "\t"])


@st.composite
def expositions(draw: st.DrawFn) -> str:
    """A lawful body of a few families."""
    lines: list[str] = []
    for family in draw(st.lists(name, max_size=4, unique=True)):
        lines.append(f"# HELP {family} some help")
        if draw(st.booleans()):
            lines.append(f"# TYPE {family} {draw(kind)}")
        for labels in draw(st.lists(st.lists(label, max_size=3, unique_by=lambda p: p[0]))):
            escaped = [
                (k, v.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"'))
                for k, v in labels
            ]
            inside = ",".join(f'{k}="{v}"' for k, v in escaped)
            stamp = draw(st.just("") | st.integers(-(10**12), 9 * 10**12).map(lambda n: f" {n}"))
            lines.append(
                f"{family}{'{' + inside + '}' if inside else ''}{draw(blank)}{draw(value)}{stamp}"
            )
    return "".join(f"{line}\n" for line in lines)


def slow(body: str) -> list[tuple[Any, ...]]:
    """What the Prometheus project's own parser reads."""
    rows = []
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            labels = dict(sample.labels)
            for key in TARGET:
                if key in labels:
                    labels[f"exported_{key}"] = labels.pop(key)
            stamp = sample.timestamp
            time_ns = NOW if stamp is None else round(stamp * 1000) * 10**6
            rows.append((sample.name, {**labels, **TARGET}, float(sample.value), time_ns))
    return rows


def comparable(rows: list[tuple[Any, ...]]) -> list[str]:
    return sorted(repr((n, sorted(labels.items()), v, t)) for n, labels, v, t in rows)


@given(st.lists(expositions(), min_size=1, max_size=3))
def test_it_agrees_with_the_slow_parser_whatever_was_scraped_before(bodies: list[str]) -> None:
    decoder = make()
    for body in [*bodies, *bodies]:
        rows = decode(scraped(body.encode()), decoder=decoder)
        ours = [(r["name"], r["labels"], r["value"], r["time_ns"]) for r in rows]
        assert comparable(ours) == comparable(slow(body))


fragment = st.sampled_from(
    [
        b"a",
        b"{",
        b"}",
        b'"',
        b"\\",
        b"=",
        b",",
        b" ",
        b"1",
        b"#",
        b"# TYPE a ",
        b"\n",
        b"\r",
        b"\xff",
    ]
)
noise = st.lists(fragment, max_size=40).map(b"".join) | st.binary(max_size=60)


@given(st.lists(noise, max_size=5), st.integers(0, 5))
def test_no_bytes_stop_it_and_batching_changes_nothing(bodies: list[bytes], cut: int) -> None:
    scrapes = [scraped(body, time_ns=NOW + i, job=f"j{i % 2}") for i, body in enumerate(bodies)]
    whole = make().decode(scrapes)
    whole.validate(full=True)
    decoder = make()
    parts = [decoder.decode(scrapes[:cut]), decoder.decode(scrapes[cut:])]
    divided = pa.Table.from_batches(parts).to_pylist()
    assert repr(divided) == repr(whole.to_pylist())
