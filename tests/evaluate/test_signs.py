"""The first that was to be seen of a scenario, out of what is stored of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sensorium.detect.logs.templates import TemplateMiner
from sensorium.detect.testing import NS, START_NS, Talks, flow_batch, log_batch
from sensorium.evaluate.signs import Sign, first_signs
from sensorium.evaluate.truth import Expected, Scenario, Truth
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry

ATTACKER, VICTIM, ROUTER, OTHER = "10.1.0.12", "10.2.0.10", "10.0.0.1", "10.1.0.77"


def at(seconds: float) -> int:
    return START_NS + int(seconds * NS)


def scenario(name: str, begin: float, *hosts: str) -> Scenario:
    return Scenario(
        id=name,
        kind="intrusion",
        planned=False,
        start_ns=at(begin),
        end_ns=at(begin + 100),
        cause="",
        hosts=frozenset(hosts),
        primary=hosts[:1],
        expected=Expected.ELEVATED,
        proof="",
    )


@pytest.fixture(scope="module")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseTelemetry]:
    """The two talk over port 80 all the time; at 303 s one knocks at 22; the router logs."""
    folder: Path = tmp_path_factory.mktemp("signs")
    rng = np.random.default_rng(0)
    usual = np.arange(1.0, 600.0, 10.0)
    talks = [
        Talks.to(usual, ATTACKER, VICTIM, 80),
        Talks.to(np.array([303.0]), ATTACKER, VICTIM, 22),
        Talks.to(np.array([301.0]), OTHER, VICTIM, 2222),
    ]
    lines = [(t, ROUTER, 9, "ospfd", f"hello from {int(t)}") for t in usual.tolist()]
    lines += [(404.5, ROUTER, 12, "kernel", "link ge1 went down")]
    lines += [(402.0, OTHER, 12, "kernel", "out of memory, killed a process")]
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    try:
        store.insert(Signal.FLOWS, flow_batch(Talks.join(talks), rng))
        store.insert(Signal.LOGS, TemplateMiner(0.7, 1000).assign(log_batch(lines)))
        store.flush()
        yield store
    finally:
        store.close()


def test_the_first_sign_is_the_first_new_flow_between_hosts_that_took_part(
    telemetry: ClickHouseTelemetry,
) -> None:
    truth = Truth((scenario("scan", 300, ATTACKER, VICTIM),), {})
    assert first_signs(telemetry, truth) == {"scan": Sign("flow", at(303))}


def test_without_a_new_flow_the_first_new_line_of_a_host_that_took_part_counts(
    telemetry: ClickHouseTelemetry,
) -> None:
    truth = Truth((scenario("fault", 400, ROUTER, "10.0.0.2"),), {})
    assert first_signs(telemetry, truth) == {"fault": Sign("log", at(404.5))}


def test_what_brings_nothing_new_has_no_sign(telemetry: ClickHouseTelemetry) -> None:
    truth = Truth((scenario("slow", 450, ATTACKER, VICTIM, ROUTER),), {})
    assert first_signs(telemetry, truth) == {}
