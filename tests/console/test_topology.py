"""The topology's pages of the API."""

from __future__ import annotations

from tests.console.conftest import Bench
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


def test_what_is_not_known_is_not_found(bench: Bench) -> None:
    assert bench.client.get("/api/v1/topology").status_code == 404
    unknown = filled(bench).client.get("/api/v1/topology/impact", params={"node": "nobody"})
    assert unknown.status_code == 404
    assert "nothing is called" in unknown.json()["detail"]


def test_a_time_can_be_named_up_to_which_flows_count(bench: Bench) -> None:
    client = filled(bench).client
    late = client.get("/api/v1/topology").json()
    early = client.get("/api/v1/topology", params={"until": "2026-01-05T10:02:30Z"}).json()
    assert early["until"] < late["until"]
    assert client.get("/api/v1/topology", params={"until": "noon"}).status_code == 422
