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
    return CliRunner().invoke(main, ["links", *map(str, arguments)])


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


def test_the_shape_of_the_encoder_can_be_chosen(files, tmp_path):
    fitted = _run(
        "fit", files / "edges.csv", "--out", tmp_path / "model", "--width", 16, "--epochs", 1,
        "--aggregation", "lstm", "--layers", 3, "--normalise", "--json",
    )  # fmt: skip
    assert fitted.exit_code == 0, fitted.output
    settings = json.loads(fitted.stdout)["settings"]
    assert (settings["aggregation"], settings["layers"]) == ("lstm", 3)
    assert settings["normalise"]
    assert len(settings["fan_out"]) == 3
    wrong = _run("fit", files / "edges.csv", "--model", "gcn", "--aggregation", "max")
    assert "goes with --model sage" in wrong.stderr


def test_features_of_other_nodes_are_refused_and_those_alone_counted(files, tmp_path):
    others = tmp_path / "others.csv"
    others.write_text("id,likes\nzoe,tea\n", encoding="utf-8")
    refused = _run("fit", files / "edges.csv", "--features", others, "--out", tmp_path / "m")
    assert refused.exit_code == 2
    assert "describes none of the nodes that have edges" in refused.stderr
    more = tmp_path / "more.csv"
    known = (files / "users.csv").read_text(encoding="utf-8")
    more.write_text(known + "zoe,tea\n", encoding="utf-8")
    fitted = _run(
        "fit", files / "edges.csv", "--features", more, "--out", tmp_path / "m",
        "--width", 16, "--epochs", 1,
    )  # fmt: skip
    assert fitted.exit_code == 0, fitted.output
    assert "nodes without an edge, told by their features alone: 1" in fitted.stderr
    assert fitted.stderr.startswith("note: ")


def test_somebody_who_is_linked_to_all_is_no_reason_to_fail(tmp_path):
    graph, names, _ = communities(60)
    edges = tmp_path / "edges.csv"
    pairs = zip(*map(names.many, graph.pairs()), strict=True)
    rows = [*pairs, *(("ego", name) for name in names.many(range(60)))]
    edges.write_text("".join(f"{one},{other}\n" for one, other in rows), encoding="utf-8")
    fitted = _run("fit", edges, "--out", tmp_path / "m", "--width", 16, "--epochs", 1)
    assert fitted.exit_code == 0, fitted.output
    assert "61 nodes" in fitted.stdout
    assert "two hops apart" in fitted.stdout


def test_a_graph_is_divided_for_several_machines(files, tmp_path):
    out = tmp_path / "parts"
    done = _run(
        "export", files / "edges.csv", "--features", files / "users.csv", "--parts", 2, "--out", out
    )
    assert done.exit_code == 0, done.output
    assert "60 nodes in 2 parts" in done.stdout
    assert json.loads((out / "META.json").read_text(encoding="utf-8"))["num_parts"] == 2
    assert {"part_0", "part_1", "names.parquet"} <= {path.name for path in out.iterdir()}


def test_an_interrupted_training_says_that_it_is_kept_and_goes_on(files, tmp_path, monkeypatch):
    from sensorium.cli.links import view

    def interrupted(self, epoch: int, loss: float, mrr: float) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    out = tmp_path / "model"
    fit = ("fit", files / "edges.csv", "--out", out, "--width", 16, "--epochs", 4)
    with monkeypatch.context() as patched:
        patched.setattr(view.Progress, "step", interrupted)
        stopped = _run(*fit)
    assert stopped.exit_code == 130
    assert "the same command goes on" in stopped.stderr
    gone_on = _run(*fit)
    assert gone_on.exit_code == 0, gone_on.output
    assert "going on with a training that was interrupted" in gone_on.stderr
    whole = _run("fit", files / "edges.csv", "--out", tmp_path / "whole", *fit[4:])
    assert whole.stdout.splitlines()[:-2] == gone_on.stdout.splitlines()[:-2]
    assert "going on" not in whole.stderr
