from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch_geometric")

from sensorium.component import HealthState
from sensorium.links.graph.names import Names
from sensorium.links.graph.reading import Edges
from sensorium.links.models import bundle
from sensorium.links.models.updating import updated
from sensorium.links.serving.config import LinksConfig, ServedGraphConfig
from sensorium.links.serving.served import NotReadyError, NotServedError, Shelf, load_served
from sensorium.observe import Observe
from tests.links.untrained import saved, with_edges, world

NOW = 31 * 10**9
WORLD = world()


class Shelved:
    def __init__(self, folder: Path):
        self.rules = folder / "rules.csv"
        self.rules.write_text("node,other,rule\n")
        self.model = saved(folder / "model", WORLD)
        self.graph = ServedGraphConfig(name="friends", model=self.model, rules=self.rules)
        self.observe = Observe()
        self.shelf = Shelf(LinksConfig(graphs=(self.graph,)), self.observe, lambda: NOW)

    def look(self) -> None:
        self.shelf.look(self.graph)

    def suggested(self) -> list[str]:
        found = self.shelf.get("friends").recommender.recommend("person 0", 100)
        return [one.node for one in found]


@pytest.fixture
def shelved(tmp_path: Path) -> Shelved:
    return Shelved(tmp_path)


def test_a_graph_is_served_once_it_is_loaded(shelved: Shelved) -> None:
    with pytest.raises(NotReadyError):
        shelved.shelf.get("friends")
    with pytest.raises(NotServedError, match="served are: friends"):
        shelved.shelf.get("enemies")
    assert shelved.shelf.health().state == HealthState.STARTING
    shelved.look()
    assert shelved.suggested()
    assert shelved.shelf.get("friends").age_s(NOW) == 30
    assert shelved.shelf.health().state == HealthState.OK
    age = {"graph": "friends"}
    assert shelved.observe.value("sensorium_links_embeddings_age_seconds", age) == 30


def test_new_rules_and_new_models_are_taken_up_and_are_new_versions(shelved: Shelved) -> None:
    shelved.look()
    first = shelved.shelf.get("friends")
    shelved.look()
    assert shelved.shelf.get("friends") is first
    dismissed = shelved.suggested()[0]
    shelved.rules.write_text(f"node,other,rule\nperson 0,{dismissed},dismissed\nx,y,blocked\n")
    shelved.look()
    second = shelved.shelf.get("friends")
    assert dismissed not in shelved.suggested()
    assert second.rules_passed_over == 1
    saved(shelved.model, WORLD, seed=5)
    shelved.look()
    versions = {first.version, second.version, shelved.shelf.get("friends").version}
    assert len(versions) == 3
    assert first.recommender.recommend("person 0", 1)[0].node == dismissed


def test_a_refreshed_model_is_taken_up_in_the_index_of_the_one_before(
    shelved: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensorium.links.serving.index.EXACT_NODES", 50)
    monkeypatch.setattr("sensorium.links.serving.index.APART", 1.0)
    shelved.look()
    first = shelved.shelf.get("friends")
    assert not first.recommender.index.exact
    asked = first.recommender.recommend("person 0", 5)
    model = bundle.load(shelved.model)
    names = Names([*WORLD.names.ids.to_pylist(), "new"])
    edges = Edges(with_edges(WORLD.graph, [(0, 60), (1, 60)], 61), names)
    newer = updated(model, edges, None, 2 * 10**9).model
    bundle.save(newer, shelved.model)
    shelved.look()
    second = shelved.shelf.get("friends")
    assert second.age_s(NOW) == 29
    assert second.version != first.version
    assert "new" in [one.node for one in second.recommender.recommend("person 2", 100)]
    assert second.recommender.recommend("new", 3)
    alone = load_served(shelved.model, shelved.rules).recommender
    assert not alone.index.exact
    assert load_served(shelved.model, shelved.rules, few=True).recommender.index.exact
    for name in ("person 0", "new"):
        one, other = (of.recommend(name, 61) for of in (second.recommender, alone))
        assert [of.node for of in one] == [of.node for of in other]
    assert first.recommender.recommend("person 0", 5) == asked


def test_a_version_that_cannot_be_loaded_leaves_the_one_before(shelved: Shelved) -> None:
    shelved.look()
    before = shelved.shelf.get("friends")
    (shelved.model / "weights.safetensors").write_bytes(b"damaged")
    (shelved.model / "model.json").touch()
    shelved.look()
    assert shelved.shelf.get("friends") is before
    assert shelved.shelf.health().state == HealthState.DEGRADED
    count = {"graph": "friends"}
    assert shelved.observe.value("sensorium_links_load_errors_total", count) == 1
    saved(shelved.model, WORLD)
    shelved.look()
    assert shelved.shelf.health().state == HealthState.OK
