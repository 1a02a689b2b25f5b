"""What holds for some entities and not for others, and detectors that do not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sensorium.config.load import load
from sensorium.config.problems import SettingsError
from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.names import KIND_OF
from sensorium.detect.override_config import Direction, OverrideConfig
from sensorium.detect.overrides import Naming
from sensorium.detect.registry import build_detectors
from sensorium.detect.testing import (
    NS,
    START_NS,
    WORKSTATIONS,
    Talks,
    everyday,
    flow_batch,
    scan,
)
from sensorium.model.anomaly import Anomaly
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe

SCANNER, TARGETS = WORKSTATIONS[2], ("10.2.0.10", "10.2.0.20")
ONLY_FLOWS = ("logs.*", "metrics.*", "flows.silence.*", "flows.host.joint", "flows.surge")


@pytest.fixture(scope="module")
def traffic() -> pa.RecordBatch:
    """Twelve minutes in which a workstation scans two servers, after seven."""
    rng = np.random.default_rng(11)
    return flow_batch(Talks.join([everyday(rng, 720.0), scan(SCANNER, TARGETS, 450.0)]), rng)


def run(
    traffic: pa.RecordBatch, *overrides: OverrideConfig, naming: Naming = lambda _: None
) -> tuple[list[Anomaly], DetectionEngine, Observe]:
    """What is found under some overrides."""
    observe = Observe()
    config = DetectConfig(overrides=overrides, switched_off=ONLY_FLOWS)
    engine = DetectionEngine(config, observe, naming=naming)
    engine.observe(Signal.FLOWS, traffic)
    return engine.advance(START_NS + 3600 * NS), engine, observe


@pytest.fixture(scope="module")
def plain(traffic: pa.RecordBatch) -> list[Anomaly]:
    return run(traffic)[0]


def about(anomalies: list[Anomaly], host: str) -> set[str]:
    """The ids of anomalies about a host."""
    return {a.id for a in anomalies if host in a.hosts}


def test_nothing_is_said_of_what_is_quiet_and_all_else_is_said_as_before(
    traffic: pa.RecordBatch, plain: list[Anomaly]
) -> None:
    assert about(plain, SCANNER)
    quiet, _, observe = run(traffic, OverrideConfig(match=f"{SCANNER}/32", quiet=True))
    assert not about(quiet, SCANNER)
    assert {a.id for a in plain} - about(plain, SCANNER) <= {a.id for a in quiet}
    kept = {"detector": "flows.pair", "effect": "quietened"}
    assert observe.value("sensorium_detect_overridden_total", kept) >= 1


def test_a_rule_holds_for_its_kind_and_its_detectors_alone(
    traffic: pa.RecordBatch, plain: list[Anomaly]
) -> None:
    rule = OverrideConfig(match=SCANNER, detectors=("flows.pair",), quiet=True)
    found, _, _ = run(traffic, rule)
    assert any(a.detector == "flows.pair" for a in plain if SCANNER in a.hosts)
    assert not any(a.detector == "flows.pair" for a in found if SCANNER in a.hosts)
    assert {a.id for a in plain if a.detector == "flows.host"} == {
        a.id for a in found if a.detector == "flows.host"
    }


def test_of_several_rules_for_an_entity_the_first_holds(
    traffic: pa.RecordBatch, plain: list[Anomaly]
) -> None:
    first = OverrideConfig(match=SCANNER, pass_rate=0.001)
    found, _, _ = run(traffic, first, OverrideConfig(match="10.0.0.0/8", quiet=True))
    hosts = {a.id for a in plain if a.hosts[0] == SCANNER}
    assert hosts == {a.id for a in found if a.hosts[0] == SCANNER}


def test_a_pass_rate_of_its_own_is_stricter_or_looser(
    traffic: pa.RecordBatch, plain: list[Anomaly]
) -> None:
    every = {a.id: a for a in plain}
    strict, _, _ = run(traffic, OverrideConfig(match="*", pass_rate=1e-7))
    assert {a.id for a in strict} <= set(every)
    assert all(a.tail_probability <= 1e-7 for a in strict)
    assert len(strict) < len(every)
    loose, _, observe = run(traffic, OverrideConfig(match="*", entity="host", pass_rate=0.05))
    assert {a.id for a in loose} > {a.id for a in plain if a.entity.kind == "host"}
    added = {"detector": "flows.host", "effect": "added"}
    assert observe.value("sensorium_detect_overridden_total", added) >= 1


def test_where_only_falls_count_a_scan_is_not_told_as_a_rise(
    traffic: pa.RecordBatch, plain: list[Anomaly]
) -> None:
    rise = OverrideConfig(match="*", detectors=("flows.host",), only=Direction.RISES)
    fall = OverrideConfig(match="*", detectors=("flows.host",), only=Direction.FALLS)
    hosts = [a.id for a in plain if a.detector == "flows.host" and a.hosts[0] == SCANNER]
    assert hosts
    assert set(hosts) <= {a.id for a in run(traffic, rise)[0]}
    assert not set(hosts) & {a.id for a in run(traffic, fall)[0]}


def test_a_pattern_matches_keys_and_names_of_series_without_labels() -> None:
    rule = OverrideConfig(match="node_cpu_*", entity="series", quiet=True)
    assert rule.network is None
    assert rule.of_detectors == {
        *("metrics.series", "metrics.first_move", "metrics.motion", "metrics.season"),
        *("metrics.shape", "metrics.silence.metric"),
    }


@pytest.mark.parametrize("match", ["pc3.example.com", "pc3", "PC*"])
def test_a_host_is_matched_by_its_name_as_by_its_address(
    traffic: pa.RecordBatch, plain: list[Anomaly], match: str
) -> None:
    def naming(address: str) -> str | None:
        return "pc3.example.com" if address == SCANNER else None

    by_name, _, _ = run(traffic, OverrideConfig(match=match, quiet=True), naming=naming)
    assert about(plain, SCANNER)
    assert not about(by_name, SCANNER)
    assert about(by_name, TARGETS[0])


def test_an_override_by_name_holds_from_when_the_name_is_known(traffic: pa.RecordBatch) -> None:
    named = {"yet": False}

    def naming(address: str) -> str | None:
        # Nobody has a name the first time that somebody asks.
        before, named["yet"] = named["yet"], True
        return "pc3" if before and address == SCANNER else None

    rules = OverrideConfig(match="*", pass_rate=0.05), OverrideConfig(match="pc3", quiet=True)
    loose, _, _ = run(traffic, rules[0])
    found, _, _ = run(traffic, rules[1], rules[0], naming=naming)
    assert len(about(loose, SCANNER)) > 1
    assert len(about(found, SCANNER)) <= 1


def test_the_names_in_settings_are_those_of_the_detectors() -> None:
    built = {d.name: d.kind for d in build_detectors(DetectConfig(), lambda _: None)}
    assert built == KIND_OF


def test_a_detector_that_is_switched_off_does_not_run() -> None:
    config = DetectConfig(switched_off=("metrics.*", "flows.beacon"))
    names = {d.name for d in build_detectors(config, lambda _: None)}
    assert set(KIND_OF) - names == {n for n in KIND_OF if n.startswith("metrics.")} | {
        "flows.beacon"
    }


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("switched_off: [flows.becon]", "did you mean flows.beacon?"),
        ("switched_off: [flows.host]", "flows.host.joint cannot do without flows.host"),
        ("overrides: [{match: 10.1.0.5/24, quiet: true}]", "did you mean 10.1.0.0/24?"),
        ("overrides: [{match: 10.1.0.0/33, quiet: true}]", "is no network"),
        ("overrides: [{quiet: true}]", "match must say which"),
        ("overrides: [{match: '*'}]", "give quiet, pass_rate or only"),
        ("overrides: [{match: '*', quiet: true, only: falls}]", "needs neither"),
        ("overrides: [{match: '*', quite: true}]", "did you mean quiet?"),
        ("overrides: [{match: '*', quiet: true, entity: hosts}]", "overrides[0].entity"),
        ("overrides: [{match: '*', pass_rate: 2}]", "less than or equal to 0.1"),
        (
            "overrides: [{match: '*', quiet: true, entity: series, detectors: [flows.host]}]",
            "flows.host scores no entity of the kind series; did you mean host?",
        ),
        (
            "overrides: [{match: '*', quiet: true, detectors: [log.host]}]",
            "there is no detector 'log.host'; did you mean logs.host?",
        ),
    ],
)
def test_what_cannot_have_an_effect_is_refused_with_a_way_out(
    yaml: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "sensorium.yaml"
    path.write_text(f"detect:\n  {yaml}\n")
    with pytest.raises(SettingsError) as refused:
        load(path)
    assert says in str(refused.value)
