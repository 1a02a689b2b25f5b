"""Suggested links over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

pytest.importorskip("torch_geometric")

from sensorium.component import Health, HealthState
from sensorium.console.api import LinksDeps, build_links_api
from sensorium.console.config import ConsoleConfig
from sensorium.links.serving.config import LinksConfig, ServedGraphConfig
from sensorium.links.serving.served import Shelf
from sensorium.observe import Observe
from tests.links.untrained import saved, world

NOW = 61 * 10**9


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("served")
    graph = ServedGraphConfig(name="friends", model=saved(folder / "model", world()))
    waiting = ServedGraphConfig(name="waiting", model=Path(folder / "nothing"))
    config = LinksConfig(graphs=(graph, waiting), max_top=10, max_batch=3)
    observe = Observe()
    shelf = Shelf(config, observe, lambda: NOW)
    shelf.look(graph)
    deps = LinksDeps(shelf, config, lambda: NOW)
    health = {"links": Health(HealthState.OK)}
    app = build_links_api(deps, ConsoleConfig(port=0), observe, lambda: health)
    with TestClient(app, base_url="http://127.0.0.1") as found:
        yield found


PREFIX = "/api/v1/links/friends"


def test_suggestions_say_who_how_likely_why_and_how_old(client: TestClient) -> None:
    answer = client.get(f"{PREFIX}/recommendations/person 3?top=4").json()
    assert answer["node"] == "person 3"
    assert answer["embeddings_age_seconds"] == 60
    assert answer["version"] == client.get("/api/v1/links").json()["graphs"][0]["version"]
    assert len(answer["suggestions"]) == 4
    first = answer["suggestions"][0]
    assert first["node"] != "person 3"
    assert 0 <= first["probability"] <= 1
    assert first["because"]
    excluded = client.get(
        f"{PREFIX}/recommendations/person 3", params={"top": 4, "exclude": [first["node"], "x"]}
    ).json()
    assert first["node"] not in [one["node"] for one in excluded["suggestions"]]
    plain = client.get(f"{PREFIX}/recommendations/person 3?explain=false").json()
    assert "because" not in plain["suggestions"][0]


def test_a_short_query_and_its_long_form_get_the_same_answer_and_a_wrong_one_is_refused(
    client: TestClient,
) -> None:
    path = f"{PREFIX}/recommendations/person 3"
    for short, long in (("", "?explain=true"), ("?top=7", "?top=7&explain=true")):
        answers = [client.get(path + query).json() for query in (short, long)]
        assert answers[0] == answers[1]
    assert len(client.get(path).json()["suggestions"]) == 5
    for wrong in ("?top=0", "?top=x", "?top=-1", "?top=99999999999999999999", "?top=11"):
        assert client.get(path + wrong).status_code == 422, wrong
    assert "top" in str(client.get("/api/openapi.json").json()["paths"])


def test_a_batch_is_what_single_requests_get_and_unknown_nodes_are_listed(
    client: TestClient,
) -> None:
    asked = {"nodes": ["person 3", "nobody", "person 4"], "top": 2}
    answer = client.post(f"{PREFIX}/recommendations", json=asked).json()
    assert answer["unknown"] == ["nobody"]
    for one in answer["recommendations"]:
        alone = client.get(f"{PREFIX}/recommendations/{one['node']}?top=2").json()
        assert one["suggestions"] == alone["suggestions"]


def test_pairs_are_scored(client: TestClient) -> None:
    asked = {"pairs": [["person 1", "person 2"], ["person 2", "person 1"]]}
    scores = client.post(f"{PREFIX}/score", json=asked).json()["scores"]
    assert scores[0]["pair"] == ["person 1", "person 2"]
    assert scores[0]["score"] == pytest.approx(scores[1]["score"], rel=1e-4)


def test_somebody_new_is_served(client: TestClient) -> None:
    asked = {"friends": ["person 1"], "features": ["feature 2"], "top": 3}
    found = client.post(f"{PREFIX}/newcomers", json=asked).json()["suggestions"]
    assert len(found) == 3
    assert "person 1" not in [one["node"] for one in found]
    # With a tie no probability is calibrated, which is said and not made up.
    assert [one["probability"] for one in found] == [None] * 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", f"{PREFIX}/recommendations/person 300", None, 404, "person 300"),
        ("GET", "/api/v1/links/enemies/recommendations/a", None, 404, "no graph 'enemies'"),
        ("GET", "/api/v1/links/waiting/recommendations/a", None, 503, "being loaded"),
        ("GET", f"{PREFIX}/recommendations/person 3?top=11", None, 422, "10 are allowed"),
        ("GET", f"{PREFIX}/recommendations/person 3?top=0", None, 422, "greater"),
        ("POST", f"{PREFIX}/recommendations", {"nodes": ["a"] * 4}, 422, "3 are allowed"),
        ("POST", f"{PREFIX}/recommendations", {"nodes": ["a"], "tip": 1}, 422, "tip"),
        ("POST", f"{PREFIX}/score", {"pairs": [["a", "person 1"]]}, 422, "no node 'a'"),
        ("POST", f"{PREFIX}/score", {"pairs": []}, 422, "pairs"),
        ("POST", f"{PREFIX}/score", {"pairs": [["person 1", "person 1"]]}, 422, "with itself"),
        ("POST", f"{PREFIX}/newcomers", {"friends": ["a"]}, 422, "no node 'a'"),
        ("POST", f"{PREFIX}/newcomers", {"features": ["a"]}, 422, "no feature 'a'"),
        ("POST", f"{PREFIX}/newcomers", {}, 422, "nothing is known"),
    ],
)
def test_what_cannot_be_answered_is_refused_and_says_why(
    client: TestClient, method: str, path: str, body: object, status: int, said: str
) -> None:
    answer = client.request(method, path, json=body)
    assert answer.status_code == status
    assert said in answer.text


def test_requests_and_refusals_are_counted(client: TestClient) -> None:
    client.get(f"{PREFIX}/recommendations/person 3")
    client.get(f"{PREFIX}/recommendations/nobody")
    text = client.get("/metrics").text
    assert 'sensorium_links_request_seconds_count{graph="friends",kind="one"}' in text
    assert 'sensorium_links_refused_total{reason="unknown node"}' in text
