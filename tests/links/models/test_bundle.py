"""A saved model is what was trained, and a damaged one is not loaded."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [graph] is not installed")

from safetensors.torch import load_file, save_file  # noqa: E402

from sensorium.errors import SensoriumError, UsageError  # noqa: E402
from sensorium.links.learning.fitting import fit  # noqa: E402
from sensorium.links.learning.settings import Settings  # noqa: E402
from sensorium.links.models import bundle  # noqa: E402
from tests.links.communities import communities  # noqa: E402
from tests.links.untrained import untrained, world  # noqa: E402

SMALL = Settings(width=16, heads=2, epochs=1, folds=2, cold=0)
PAIRS = np.array([[0, 6], [1, 2], [3, 9]])


@pytest.fixture(scope="module")
def model():
    graph, names, features = communities(60)
    return fit(graph, names, features, SMALL, clock_ns=lambda: 7)


def test_a_loaded_model_scores_as_the_saved_one_did(model, tmp_path):
    bundle.save(model, tmp_path / "model")
    loaded = bundle.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.score(PAIRS), model.score(PAIRS))
    np.testing.assert_array_equal(loaded.embeddings, model.embeddings)
    assert loaded.card == model.card
    assert loaded.calibration == model.calibration
    assert loaded.names.many([0, 59]) == ["person 0", "person 59"]
    assert loaded.features.columns == model.features.columns
    loaded.scorer.refresh()
    np.testing.assert_allclose(loaded.embeddings, model.embeddings, atol=1e-6)


@pytest.mark.parametrize("identity", ["learned", "random"])
def test_a_model_without_features_comes_back_as_it_was(identity, tmp_path):
    graph, names, _ = communities(60)
    settings = replace(SMALL, identity=identity, decoder="dot", encoder="gcn")
    model = fit(graph, names, None, settings)
    bundle.save(model, tmp_path / "model")
    loaded = bundle.load(tmp_path / "model")
    loaded.scorer.refresh()
    np.testing.assert_allclose(loaded.score(PAIRS), model.score(PAIRS), atol=1e-6)


@pytest.mark.parametrize("platform", [sys.platform, "another"])
def test_a_model_takes_the_place_of_an_older_one_and_leaves_nothing_beside(
    model, tmp_path, monkeypatch, platform
):
    monkeypatch.setattr(sys, "platform", platform)  # where places cannot be exchanged at once too
    for at in (7, 8):
        bundle.save(replace(model, card=replace(model.card, trained_ns=at)), tmp_path / "model")
        assert bundle.load(tmp_path / "model").card.trained_ns == at
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


_WRITER = """
import sys, time
from pathlib import Path
from sensorium.links.models.bundle import _beside
with _beside(Path(sys.argv[1])) as fresh:
    (fresh / "weights.safetensors").write_bytes(b"half")
    print(fresh, flush=True)
    time.sleep(600)
"""


def test_what_a_killed_writer_left_goes_and_what_another_writes_stays(model, tmp_path):
    folder = tmp_path / "model"
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE, text=True
    ) as writer:
        half = Path(writer.stdout.readline().strip())
        os.utime(half, (1, 1))
        bundle.save(model, folder)
        assert half.is_dir()
        writer.kill()
    os.utime(half)
    bundle.save(model, folder)
    assert half.is_dir(), "it could be one that was made just now and is not locked yet"
    os.utime(half, (1, 1))
    bundle.save(model, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert bundle.load(folder).card == model.card


def test_behind_a_symbolic_link_the_model_is_replaced_and_not_the_link(model, tmp_path):
    (tmp_path / "now").symlink_to(tmp_path / "model")
    for _ in range(2):
        bundle.save(model, tmp_path / "now")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "now"]
    assert (tmp_path / "now").is_symlink()


def test_a_folder_of_other_things_is_not_replaced(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no model"):
        bundle.save(model, tmp_path)
    assert (tmp_path / "thesis.txt").is_file()


@pytest.mark.parametrize("name", ["weights.safetensors", "graph.npz", "embeddings.npy"])
def test_a_file_that_was_changed_is_told(model, tmp_path, name):
    bundle.save(model, tmp_path / "model")
    path = tmp_path / "model" / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(SensoriumError, match="not what was saved"):
        bundle.load(tmp_path / "model")


def test_weights_of_another_layout_are_refused_and_the_error_says_what_to_do(model, tmp_path):
    folder = tmp_path / "model"
    bundle.save(untrained(world(), decoder="dot"), folder)
    path = folder / "weights.safetensors"
    weights = load_file(path)
    # Until the scale was kept as its logarithm, so that it cannot cross zero.
    weights["decoder.scale"] = weights.pop("decoder.log_scale").exp()
    save_file(weights, path)
    card = folder / "model.json"
    said = json.loads(card.read_text(encoding="utf-8"))
    said["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    card.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(SensoriumError, match=r"'dot': decoder\.log_scale, decoder\.scale") as found:
        bundle.load(folder)
    assert "fit the model again: sensorium links fit EDGES --decoder dot" in found.value.next_step


def test_a_model_of_another_format_or_of_none_is_refused(model, tmp_path):
    with pytest.raises(UsageError, match="no model in"):
        bundle.load(tmp_path)
    bundle.save(model, tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**said, "format": 99}), encoding="utf-8")
    with pytest.raises(SensoriumError, match="format 99"):
        bundle.load(tmp_path / "model")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SensoriumError, match="damaged"):
        bundle.load(tmp_path / "model")
