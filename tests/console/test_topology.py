"""The topology's pages of the API."""

from __future__ import annotations

import numpy as np

from sensorium.detect.testing import Talks, flow_batch
from sensorium.model.signals import Signal
from tests.console.conftest import Bench
from tests.links.almost_alike import talks
from tests.topology.test_answers import town


def filled(bench: Bench) -> Bench:
    for signal, batch in town().batches():
        bench.telemetry.insert(signal, batch)
    bench.telemetry.flush()
    return bench


def test_the_network_its_losses_and_its_ways_are_told(bench: Bench) -> None:
    client = filled(bench).client
    assert client.get("/api/v1/topology").json()["nodes"][0]["label"] == "gw2 (10.0.0.2)"
    impact = client.get("/api/v1/topology/impact", params={"node": "web"}).json()
    assert impact["lost"]["pairs"] == 4
    path = client.get("/api/v1/topology/path", params={"one": "web", "other": "db"}).json()
    assert [hop["to"] for hop in path["hops"]] == ["gw2 (10.0.0.2)", "db (10.2.0.30)"]


def test_the_picture_is_an_svg_document(bench: Bench) -> None:
    answer = filled(bench).client.get("/api/v1/topology/drawing")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")


def test_what_hosts_alike_use_and_one_never_did_is_told(bench: Bench) -> None:
    bench.telemetry.insert(Signal.FLOWS, flow_batch(Talks.join(talks()), np.random.default_rng(0)))
    bench.telemetry.flush()
    answer = bench.client.get("/api/v1/topology/unseen").json()
    assert (answer["edges"], answer["likely"]) == (19, 1)
    (edge,) = answer["missing"]
    assert (edge["client"], edge["server"], edge["port"]) == ("10.0.1.4", "10.0.2.182", 5432)
    for wrong in ({"least": 0}, {"days": -1}, {"most": 0}):
        assert bench.client.get("/api/v1/topology/unseen", params=wrong).status_code == 422


def test_what_is_not_known_is_not_found(bench: Bench) -> None:
    assert bench.client.get("/api/v1/topology").status_code == 404
    nothing = {"edges": 0, "likely": 0, "missing": []}
    assert bench.client.get("/api/v1/topology/unseen").json() == nothing
    unknown = filled(bench).client.get("/api/v1/topology/impact", params={"node": "nobody"})
    assert unknown.status_code == 404
    assert "nothing is called" in unknown.json()["detail"]


def test_a_time_can_be_named_up_to_which_flows_count(bench: Bench) -> None:
    client = filled(bench).client
    late = client.get("/api/v1/topology").json()
    early = client.get("/api/v1/topology", params={"until": "2026-01-05T10:02:30Z"}).json()
    assert early["until"] < late["until"]
    assert client.get("/api/v1/topology", params={"until": "noon"}).status_code == 422
