"""What a host did is given the word that fits, and no word where none does."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.flows.assembly import FlowAssembly
from sensorium.detect.flows.shapes import ShapeKind, shape_of
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.testing import START_NS, Talks, everyday, flow_batch
from sensorium.detect.windows import Part

WHO, WHOM = "10.1.0.12", "10.2.0.10"
MANY = tuple(f"10.3.{i // 200}.{i % 200 + 1}" for i in range(400))


def window(*talks: Talks) -> FlowWindow:
    batch = flow_batch(Talks.join(list(talks)), np.random.default_rng(0))
    return FlowAssembly(10_000).build([Part(batch)], START_NS)


def told(flows: FlowWindow, who: str, feature: str) -> tuple[ShapeKind, str] | None:
    names = [flows.addresses.text(i) for i in range(len(flows.addresses.keys))]
    shape = shape_of(flows, names.index(who), feature)
    return None if shape is None else (shape.kind, shape.told)


def knocks(client: str, servers: tuple[str, ...], ports: np.ndarray, **given: bool) -> Talks:
    """One conversation with each port of each server."""
    at = np.linspace(0, 20, len(ports))
    small = {"up": 60, "down": 40, "seconds": 0.001}
    return Talks.join([Talks.to(at, client, server, ports, **small, **given) for server in servers])


VAIN = {"answered": False}
CASES = {
    "vertical": (knocks(WHO, (WHOM,), np.arange(1, 301), **VAIN), ShapeKind.VERTICAL_SCAN, "ports"),
    "horizontal": (knocks(WHO, MANY, np.array([445]), **VAIN), ShapeKind.HORIZONTAL_SCAN, "peers"),
    "block": (knocks(WHO, MANY[:40], np.arange(20, 60), **VAIN), ShapeKind.BLOCK_SCAN, "failed"),
    "flood": (knocks(WHO, (WHOM,), np.full(500, 80)), ShapeKind.FLOOD, "flows_as_client"),
    "fan-out": (knocks(WHO, MANY[:60], np.array([80])), ShapeKind.FAN_OUT, "new_peers"),
    "exfiltration": (
        Talks.to(np.arange(5.0), WHO, "203.0.113.7", 443, up=2e7, down=2e5),
        ShapeKind.ONE_SIDED,
        "bytes_out",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_shape_is_told_of_whoever_has_it_amid_everyday_traffic(case: str) -> None:
    talks, kind, feature = CASES[case]
    around = everyday(np.random.default_rng(3), 25.0)
    mine = around.client == WHO
    others = Talks(*(getattr(around, name)[~mine] for name in Talks.__slots__))
    found = told(window(talks, others), WHO, feature)
    assert found is not None
    assert found[0] is kind


def test_who_is_flooded_is_told_of_too() -> None:
    talks = [knocks(client, (WHOM,), np.full(3, 80), **VAIN) for client in MANY[:100]]
    found = told(window(*talks), WHOM, "failed_as_server")
    assert found == (
        ShapeKind.FLOODED,
        "flooded at 80/tcp by 100 clients, 100 % of it left unanswered or refused",
    )


def test_words_say_how_many_and_where() -> None:
    found = told(window(knocks(WHO, MANY, np.array([445]), **VAIN)), WHO, "peers")
    assert found is not None
    assert found[1] == "a horizontal scan: 1 port on 400 hosts, 100 % of them in vain"
    sent = Talks.to(np.arange(5.0), WHO, "203.0.113.7", 443, up=2e7, down=2e5)
    found = told(window(sent), WHO, "asymmetry")
    assert found is not None
    assert found[1] == "one-sided: 100 MB to 203.0.113.7, 100 times what came back"


def test_everyday_traffic_has_no_shape_once_hosts_know_each_other() -> None:
    rng = np.random.default_rng(5)
    assembly = FlowAssembly(10_000)
    for number in range(8):
        flows = assembly.build([Part(flow_batch(everyday(rng, 30.0), rng))], START_NS)
        assembly.learn(flows, number)
    features = ("peers", "bytes_out", "clients")
    hosts = range(len(flows.addresses.keys))
    assert {shape_of(flows, host, name) for host in hosts for name in features} == {None}
