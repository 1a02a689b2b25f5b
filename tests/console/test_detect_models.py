"""Models of the registry over HTTP: vectors by the names of their features, versions, changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from sensorium.console.detect_openapi import ANSWERED
from sensorium.detect.models import ModelCard, ModelKind, ModelRegistry
from sensorium.observe import Observe
from tests.console.detecting import (
    ARROW,
    FEATURES,
    PATH,
    Scoring,
    scorers,
    scoring,
    stream,
    table,
    trained,
)

NAME = "flows.host.joint"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ModelRegistry:
    return trained(tmp_path_factory.mktemp("models"), versions=2)


@pytest.fixture(scope="module")
def served(registry: ModelRegistry) -> Scoring:
    return scoring(scorers(registry), requests_per_minute=0)


def columns(rows: int = 20, odd: int = 7) -> dict[str, list[float]]:
    values = np.random.default_rng(9).normal(0.0, 0.3, (rows, len(FEATURES)))
    values[odd] = [0.0, 9.0, 0.0]
    return {name: values[:, n].tolist() for n, name in enumerate(FEATURES)}


def test_the_active_version_scores_vectors_and_says_what_made_them_odd(
    served: Scoring, registry: ModelRegistry
) -> None:
    answer = served.client.post(PATH, json={"model": NAME, "columns": columns()}).json()
    assert (answer["model"], answer["version"], answer["age_seconds"]) == (NAME, 2, 60.0)
    assert (answer["rows"], len(answer["score"]), len(answer["strongest"])) == (20, 20, 20)
    assert np.argmax(answer["score"]) == 7
    assert np.argmin(answer["tail_probability"]) == 7
    assert answer["strongest"][7][0]["feature"] == "peers"
    assert len(answer["strongest"][7]) == 3
    jsonschema.validate(answer, ANSWERED)
    model = registry.load(NAME, 2).model
    rows = np.column_stack([columns()[name] for name in FEATURES])
    assert answer["score"] == model.score(rows).tolist()
    assert answer["tail_probability"] == model.survival(model.score(rows)).tolist()
    assert answer["strongest"][7][0]["contribution"] == model.contributions(rows)[7].max()


def test_a_version_may_be_named_and_the_order_of_columns_does_not_matter(served: Scoring) -> None:
    first = served.client.post(PATH, json={"model": f"{NAME}@1", "columns": columns()}).json()
    second = served.client.post(PATH, json={"model": f"{NAME}@2", "columns": columns()}).json()
    assert (first["version"], second["version"]) == (1, 2)
    assert first["score"] != second["score"]
    turned = dict(reversed(columns().items()))
    again = served.client.post(PATH, json={"model": f"{NAME}@1", "columns": turned}).json()
    assert again == first


def test_arrow_has_the_same_with_features_as_lists_of_pairs(served: Scoring) -> None:
    asked = {"model": NAME, "columns": columns(), "contributions": 2}
    plain = served.client.post(PATH, json=asked).json()
    answer = served.arrow(stream(columns()), model=NAME, contributions="2")
    rows = table(answer.content)
    assert rows["score"].to_pylist() == plain["score"]
    assert rows["tail_probability"].to_pylist() == plain["tail_probability"]
    assert rows["strongest"].to_pylist() == plain["strongest"]
    assert json.loads(rows.schema.metadata[b"sensorium"])["version"] == 2
    none = served.arrow(stream(columns()), model=NAME, contributions="0")
    assert table(none.content).column_names == ["score", "tail_probability"]


def test_of_many_rows_the_oddest_thousand_are_explained(served: Scoring) -> None:
    asked = {"model": NAME, "columns": columns(1500)}
    answer = served.client.post(PATH, json=asked, headers={"accept": ARROW})
    rows = table(answer.content)
    explained = np.array([len(row) > 0 for row in rows["strongest"].to_pylist()])
    scores = rows["score"].to_numpy()
    assert explained.sum() == 1000
    assert scores[explained].min() >= scores[~explained].max()


def without(name: str) -> dict[str, list[float]]:
    return {key: values for key, values in columns().items() if key != name}


@pytest.mark.parametrize(
    ("change", "status", "reason", "said"),
    [
        ({"model": "flows.host.join"}, 404, "unknown_model", "did you mean flows.host.joint?"),
        ({"model": f"{NAME}@3"}, 404, "unknown_model", "versions are: 1, 2"),
        ({"model": f"{NAME}@0"}, 404, "unknown_model", "no version '0'"),
        ({"model": f"{NAME}@x"}, 404, "unknown_model", "no version 'x'"),
        ({"model": f"{NAME}@"}, 404, "unknown_model", "no version ''"),
        ({"model": f"{NAME}@{'9' * 5000}"}, 404, "unknown_model", "no version '999"),
        ({"model": "series@1"}, 404, "unknown_model", "version of the software"),
        ({"model": "../secrets"}, 404, "unknown_model", "no model '../secrets'"),
        ({"columns": without("peers")}, 422, "columns", "'peers' of the model"),
        ({"columns": {**without("peers"), "pers": [1.0] * 20}}, 422, "columns", "mean peers?"),
        ({"columns": {**columns(), "peers": [None] * 20}}, 422, "values", "'peers' has no value"),
        ({"columns": {**columns(), "peers": [1e50] * 20}}, 422, "values", "in row 0"),
        ({"warmup": 3}, 422, "fields", "no use for warmup"),
        ({"times": [1_800_000_000] * 20}, 422, "fields", "no use for times"),
        ({"contributions": 21}, 422, "fields", "20 are allowed"),
    ],
)
def test_what_a_model_cannot_score_is_refused_and_says_why(
    served: Scoring, change: dict[str, Any], status: int, reason: str, said: str
) -> None:
    asked = {"model": NAME, "columns": columns(), **change}
    answer = served.client.post(PATH, json=asked)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert served.refused(reason) >= 1


def test_models_are_listed_with_their_state_and_what_they_reached(served: Scoring) -> None:
    listed = served.client.get("/api/v1/detect/models").json()["models"]
    assert [(one["name"], one["version"], one["state"]) for one in listed[1:]] == [
        (NAME, 1, "kept"),
        (NAME, 2, "active"),
    ]
    shown = served.client.get(f"/api/v1/detect/models/{NAME}").json()
    paths = served.client.get("/api/openapi.json").json()["paths"]
    for path, said in (("models", {"models": listed}), ("models/{name}", shown)):
        about = paths[f"/api/v1/detect/{path}"]["get"]["responses"]["200"]
        jsonschema.validate(said, about["content"]["application/json"]["schema"])
    assert shown == {"name": NAME, "versions": listed[1:]}
    latest = listed[2]
    assert latest["features"] == list(FEATURES)
    assert latest["kind"] == "isolation_forest"
    assert latest["scores"] == {"roc_auc": 0.9}
    assert latest["settings"] == {"trees": 20}
    assert latest["created"] == "2027-01-15T07:59:00Z"
    assert latest["trained_on"] == {
        "since": "2027-01-15T07:00:00Z",
        "until": "2027-01-15T07:58:00Z",
        "rows": 200,
    }


def test_a_promotion_is_answered_by_the_next_request(tmp_path: Path) -> None:
    registry = trained(tmp_path, versions=2)
    served = scoring(scorers(registry))
    asked = {"model": NAME, "columns": columns()}
    versions = [served.client.post(PATH, json=asked).json()["version"]]
    registry.promote(NAME, 1)
    versions.append(served.client.post(PATH, json=asked).json()["version"])
    registry.rollback(NAME)
    versions.append(served.client.post(PATH, json=asked).json()["version"])
    assert versions == [2, 1, 2]
    registry.shadow_with(NAME, 1)
    states = [
        one["state"]
        for one in served.client.get(f"/api/v1/detect/models/{NAME}").json()["versions"]
    ]
    assert states == ["shadow", "active"]


def test_without_an_active_version_one_has_to_be_named(tmp_path: Path) -> None:
    registry = trained(tmp_path)
    registry.rollback(NAME)
    served = scoring(scorers(registry))
    answer = served.client.post(PATH, json={"model": NAME, "columns": columns()})
    assert answer.status_code == 404
    assert f"ask for one: {NAME}@1" in answer.json()["detail"]


def test_a_damaged_version_is_refused_and_the_one_before_goes_on_answering(tmp_path: Path) -> None:
    registry = trained(tmp_path, versions=2)
    registry.promote(NAME, 1)
    served = scoring(scorers(registry))
    asked = {"model": NAME, "columns": columns()}
    first = served.client.post(PATH, json=asked).json()
    registry.promote(NAME, 2)
    damaged = next(tmp_path.glob(f"{NAME}/*2/forest.npz"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert served.client.post(PATH, json=asked).json() == first
    named = served.client.post(PATH, json={**asked, "model": f"{NAME}@2"})
    assert named.status_code == 503
    assert served.refused("model") == 1
    fresh = scoring(scorers(registry)).client.post(PATH, json=asked)
    assert fresh.status_code == 503
    assert "train it again" in fresh.json()["detail"]


def test_a_ranker_is_served_and_one_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xgboost")
    from sensorium.detect.models.ranker_model import RankerModel

    rows = np.random.default_rng(4).normal(size=(60, len(FEATURES)))
    confirmed = (rows[:, 1] > 0).astype(np.float64)
    model = RankerModel.fit(FEATURES, rows, confirmed, np.ones(60))
    card = ModelCard("incidents.rank", ModelKind.RANKER, FEATURES, 0, 1, 60)
    registry = ModelRegistry(tmp_path, lambda: 1, Observe())
    registry.promote("incidents.rank", registry.add(card, model.files()).version)
    said = {"model": "incidents.rank", "columns": columns()}
    answer = scoring(scorers(registry)).client.post(PATH, json=said).json()
    assert np.argmax(answer["score"]) == np.argmax(
        model.score(np.column_stack([*columns().values()]))
    )
    assert answer["strongest"][7][0]["feature"] == "peers"
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    served = scoring(scorers(registry))
    without = served.client.post(PATH, json=said)
    assert without.status_code == 503
    assert "pip install 'sensorium[ranker]'" in without.json()["detail"]
    assert served.refused("model") == 1


def test_drift_and_age_can_be_read_from_metrics(tmp_path: Path) -> None:
    served = scoring(scorers(trained(tmp_path)))
    model = {"model": NAME}
    levels = ("0.5", "0.01")
    found = []
    for spread in (1.0, 6.0):
        rows = np.random.default_rng(3).normal(0.0, spread, (2000, len(FEATURES)))
        said = dict(zip(FEATURES, rows.T, strict=True))
        before = [_tails(served, level) for level in levels]
        assert served.arrow(stream(said), model=NAME, contributions="0").status_code == 200
        found.append([_tails(served, at) - was for at, was in zip(levels, before, strict=True)])
    assert served.observe.value("sensorium_detect_serving_rows_total", model) == 4000
    assert served.observe.value("sensorium_detect_serving_model_age_seconds", model) == 60
    assert found[0][1] < 100
    assert found[1][1] > 1000


def _tails(served: Scoring, at_most: str) -> float:
    labels = {"model": NAME, "at_most": at_most}
    return served.observe.value("sensorium_detect_serving_tail_rows_total", labels)
