from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.detect.models.card import ModelKind
from sensorium.detect.models.forest_model import FILE
from sensorium.detect.models.host_lesson import NAMES, HostLesson
from sensorium.detect.models.host_training import train_hosts
from sensorium.detect.models.live_record import LiveRecord, Trial
from sensorium.detect.models.registry import ModelRegistry
from sensorium.detect.testing import everyday, flow_batch
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry

NAME = "flows.host.joint"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 35 minutes of flows."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    store.insert(Signal.FLOWS, flow_batch(everyday(rng, 2100.0), rng))
    store.close()
    return folder


@pytest.fixture(scope="module")
def trained(stored: Path) -> tuple[Path, str]:
    """The same with a version of each kind, and what was said of the first."""
    said = run(stored, "train", NAME)
    rng = np.random.default_rng(0)
    fit, held_out = rng.normal(size=(500, len(NAMES))), rng.normal(size=(100, len(NAMES)))
    lesson = HostLesson(fit, held_out, since_ns=1, until_ns=2, windows=50, seen=600)
    second = train_hosts(lesson, ModelKind.AUTOENCODER, trees=10, epochs=2)
    ModelRegistry(stored / "models", lambda: 3, Observe()).add(*second)
    return stored, said


@pytest.fixture
def data(trained: tuple[Path, str], tmp_path: Path) -> Path:
    """Models of one's own to change; the flows stay behind."""
    shutil.copytree(trained[0] / "models", tmp_path / "models")
    return tmp_path


def run(data: Path, *arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(main, ["models", *arguments, "--data", str(data)])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_training_says_what_it_reached_and_what_comes_next(trained: tuple[Path, str]) -> None:
    said = trained[1]
    assert "flows.host.joint 1  isolation forest, not in use" in said
    assert "vectors held out, the latest" in said
    assert "sensorium models promote flows.host.joint 1" in said


def test_too_little_in_the_store_is_an_error_that_says_how_much_there_is(stored: Path) -> None:
    said = run(stored, "train", NAME, "--since", "3m", exit_code=1)
    assert "500 and 100 are needed" in said
    assert "let it watch for longer" in said
    nothing = run(stored, "train", NAME, "--until", "2020-01-01", exit_code=2)
    assert "there is data from 2023-11-14T" in nothing


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "yesterday"], "is no time"),
        (["--kind", "forest"], "none of isolation_forest, autoencoder"),
        (["--promote", "--shadow"], "exclude each other"),
    ],
)
def test_wrong_options_are_explained(stored: Path, options: list[str], said: str) -> None:
    assert said in run(stored, "train", NAME, *options, exit_code=2)


def test_an_empty_store_has_nothing_to_train_on(tmp_path: Path) -> None:
    assert "no flows are stored" in run(tmp_path, "train", NAME, exit_code=2)
    assert "there are no models yet" in run(tmp_path, "list")
    assert "there are no models yet" in run(tmp_path, "show", NAME, exit_code=2)


def test_a_version_is_promoted_rolled_back_and_listed_as_what_it_is(data: Path) -> None:
    assert "version 1 of flows.host.joint is active" in run(data, "promote", NAME, "1")
    assert "instead of version 1" in run(data, "promote", NAME, "2")
    assert "runs in the shadow" in run(data, "shadow", NAME, "1")
    rows = [line.split() for line in run(data, "list").splitlines()[1:]]
    assert [row[:3] for row in rows] == [[NAME, "1", "shadow"], [NAME, "2", "active"]]
    assert "version 1 of flows.host.joint is active again" in run(data, "rollback", NAME)
    assert "no other is" in run(data, "rollback", NAME)
    assert "nothing to go back from" in run(data, "rollback", NAME, exit_code=2)
    assert "nothing runs in the shadow" in run(data, "shadow", NAME, "--stop")
    assert "version 2 was rolled back" in run(data, "show", NAME)


def test_what_json_says_is_the_card_and_its_history(data: Path) -> None:
    run(data, "promote", NAME, "2")
    card = json.loads(run(data, "show", NAME, "--json"))
    assert (card["version"], card["state"], card["kind"]) == (2, "active", "autoencoder")
    assert [(step["did"], step["version"]) for step in card["history"]] == [("promote", 2)]
    assert [each["state"] for each in json.loads(run(data, "list", "--json"))] == ["", "active"]


def test_what_a_shadow_did_in_a_service_is_shown_with_it(data: Path) -> None:
    run(data, "shadow", NAME, "2")
    trial = Trial(2, 0, 1, 60, windows=90, scored=2000, both=3, only_active=1, only_shadow=6)
    LiveRecord(1, 0.3, 60, trial).write(data / "models" / NAME / "live.json")
    said = run(data, "show", NAME, "2")
    assert "version 2 in the shadow of what the stream fits" in said
    assert "0.200% and 0.450%" in said
    assert "which is much: train it again" in run(data, "show", NAME, "1")
    assert json.loads(run(data, "show", NAME, "--json"))["live"]["trial"]["only_shadow"] == 6


def test_a_damaged_version_is_refused_and_the_active_one_stays(data: Path) -> None:
    run(data, "promote", NAME, "2")
    path = data / "models" / NAME / "000001" / FILE
    path.write_bytes(path.read_bytes()[:-1])
    said = run(data, "promote", NAME, "1", exit_code=1)
    assert "forest.npz is not what was written" in said
    assert "the model before it stays in place" in said
    assert "active" in run(data, "show", NAME)


def test_a_name_that_is_nearly_right_is_named(data: Path) -> None:
    said = run(data, "promote", "flow.host.joint", "1", exit_code=2)
    assert "did you mean flows.host.joint?" in said
    assert "no version 9" in run(data, "promote", NAME, "9", exit_code=2)


def test_who_talks_to_whom_is_learned_where_there_is_enough(stored: Path, data: Path) -> None:
    pytest.importorskip("torch")
    said = run(stored, "train", "flows.edge", exit_code=1)
    assert "500 and 50 are needed, of first contacts too" in said
    assert "what learns who talks to whom is talk" in run(
        stored, "train", "flows.edge", "--kind", "autoencoder", exit_code=2
    )
    refused = run(data, "train", "flows.edge", "--shadow", exit_code=2)
    assert "flows.edge adds to a score, and nothing runs in its shadow" in refused
