from __future__ import annotations

import io

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sensorium import __version__
from sensorium.observe import Observe, open_observe
from sensorium.observe.config import ObserveConfig
from sensorium.observe.exposition import exposition
from sensorium.observe.process import peak_resident_bytes, register_process_metrics


def test_asking_twice_for_a_metric_gives_the_same_one() -> None:
    observe = Observe()
    observe.counter("sensorium_dropped", "Dropped.", ("reason",)).labels("short").inc()
    observe.counter("sensorium_dropped", "Dropped.", ("reason",)).labels("short").inc(2)
    assert observe.value("sensorium_dropped_total", {"reason": "short"}) == 3


def test_a_name_cannot_be_two_kinds_of_metric() -> None:
    observe = Observe()
    observe.counter("sensorium_depth", "A counter.")
    with pytest.raises(TypeError, match="sensorium_depth is a Counter, not a Gauge"):
        observe.gauge("sensorium_depth", "A gauge.")


def test_a_metric_cannot_have_other_labels_elsewhere() -> None:
    observe = Observe()
    observe.counter("sensorium_dropped", "Dropped.", ("reason",))
    with pytest.raises(TypeError, match=r"has the labels \('reason',\), not \('protocol',\)"):
        observe.counter("sensorium_dropped", "Dropped.", ("protocol",))


def test_two_facades_share_no_metric() -> None:
    one, other = Observe(), Observe()
    one.counter("sensorium_seen", "Seen.").inc()
    other.counter("sensorium_seen", "Seen.")
    assert other.value("sensorium_seen_total") == 0


def test_a_histogram_takes_its_own_buckets() -> None:
    observe = Observe()
    observe.histogram("sensorium_lag_seconds", "Lag.", buckets=(1, 60)).observe(30)
    assert observe.value("sensorium_lag_seconds_bucket", {"le": "1.0"}) == 0
    assert observe.value("sensorium_lag_seconds_bucket", {"le": "60.0"}) == 1


def test_the_exposition_can_be_parsed_and_holds_what_was_counted() -> None:
    observe = Observe()
    observe.counter("sensorium_stored", "Rows.", ("signal",)).labels("flows").inc(7)
    body, content_type = exposition(observe)
    assert content_type.startswith("text/plain")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["sensorium_stored_total", "flows"] == 7


def test_a_scraper_that_asks_for_openmetrics_gets_it() -> None:
    body, content_type = exposition(Observe(), "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_the_process_tells_its_memory_and_version() -> None:
    observe = Observe()
    register_process_metrics(observe)
    assert observe.value("sensorium_build_info", {"version": __version__}) == 1
    assert observe.value("sensorium_process_peak_resident_bytes") > 1 << 20
    assert peak_resident_bytes() >= observe.value("process_resident_memory_bytes") * 0.5


def test_a_program_without_a_collector_opens_and_closes_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import logging

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    observe = open_observe(ObserveConfig(), stream=io.StringIO())
    with observe.span("step") as span:
        assert span is None
    observe.close()
