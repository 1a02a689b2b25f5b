"""``sensorium links fit`` and ``evaluate``, as a person runs them."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from sensorium.cli import main
from tests.links.communities import communities

torch = pytest.importorskip("torch", reason="the extra [graph] is not installed")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    graph, names, features = communities(60)
    with (folder / "edges.csv").open("w", newline="", encoding="utf-8") as file:
        rows = zip(*map(names.many, graph.pairs()), strict=True)
        csv.writer(file).writerows([("source", "target"), *rows])
    marks = features.matrix.toarray()
    with (folder / "users.csv").open("w", newline="", encoding="utf-8") as file:
        said = [";".join(str(n) for n in row.nonzero()[0]) for row in marks]
        people = zip(names.many(range(60)), said, strict=True)
        csv.writer(file).writerows([("id", "likes"), *people])
    return folder


def _run(*arguments: object):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    done = CliRunner().invoke(main, ["links", *map(str, arguments)])
    torch.set_num_threads(before)
    return done


def test_a_model_is_fitted_saved_and_measured_again(files):
    out = files / "model"
    fitted = _run(
        "fit", files / "edges.csv", "--features", files / "users.csv", "--out", out,
        "--width", 16, "--epochs", 2, "--valid", 0.1, "--test", 0.2, "--json",
    )  # fmt: skip
    assert fitted.exit_code == 0, fitted.output
    said = json.loads(fitted.stdout)
    assert (said["nodes"], said["features"], said["settings"]["identity"]) == (60, 18, "none")
    assert len(said["curves"]) == 2
    assert sorted(path.name for path in files.iterdir()) == ["edges.csv", "model", "users.csv"]
    measured = _run("evaluate", out, "--json")
    assert measured.exit_code == 0, measured.output
    again = json.loads(measured.stdout)
    assert again["scores"]["test"] == pytest.approx(said["scores"]["test"])
    assert set(again["baselines"]) == {"CN", "AA", "RA", "PPR"}
    assert again["known"] == ["training", "validation"]
    alone = json.loads(_run("evaluate", out, "--training-only", "--json").stdout)
    assert alone["known"] == ["training"]
    for who in ("scores", "baselines"):
        assert alone[who] != again[who], who
    shown = _run("evaluate", out)
    assert "sage (this model)" in shown.stdout


def test_wrong_requests_are_answered_with_what_to_do(files, tmp_path):
    unknown = _run("fit", files / "edges.csv", "--model", "sagex", "--out", tmp_path / "model")
    assert unknown.exit_code == 2
    assert "one of sage, gcn, gat, gatv2, rgat" in unknown.stderr
    missing = _run("fit", tmp_path / "none.csv")
    assert missing.exit_code == 2
    assert "cannot read" in missing.stderr
    (tmp_path / "few.csv").write_text("source,target\na,b\n", encoding="utf-8")
    assert "too few to learn from" in _run("fit", tmp_path / "few.csv").stderr
    assert "no model in" in _run("evaluate", tmp_path).stderr
