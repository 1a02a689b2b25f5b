"""What a saved model says on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

pytest.importorskip("torch_geometric")

from sensorium.cli import main
from tests.links.untrained import saved, world


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("links") / "model", world())


def links(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["links", *map(str, arguments)])


def test_suggestions_are_listed_with_their_reasons(model: Path, tmp_path: Path) -> None:
    said = links("recommend", model, "--node", "person 3", "--top", "2")
    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert lines[0] == "person 3: 2 suggestions"
    assert len(lines) == 3
    first = lines[1].split("  ")[1].strip()
    (tmp_path / "rules.csv").write_text(f"node,other,rule\nperson 3,{first},dismissed\n")
    again = links("recommend", model, "--node", "person 3", "--rules", tmp_path / "rules.csv")
    assert again.exit_code == 0
    assert first not in [line.split("  ")[1].strip() for line in again.stdout.splitlines()[1:]]


def test_everyone_is_served_and_who_is_suggested_reported(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.csv"
    said = links("recommend", model, "--everyone", "--top", "2", "--out", out)
    assert said.exit_code == 0, said.output
    assert "120 suggestions to 60 nodes; 0 nodes get none" in said.stdout
    rows = out.read_text().splitlines()
    assert rows[0] == '"node","place","suggested","score"'
    assert len(rows) == 121


def test_pairs_of_a_file_are_scored(model: Path, tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs.csv", tmp_path / "scored.csv"
    pairs.write_text("source,target\nperson 1,person 2\nperson 2,person 1\n")
    said = links("score", model, "--pairs", pairs, "--out", out)
    assert said.exit_code == 0, said.output
    rows = [line.split(",") for line in out.read_text().splitlines()[1:]]
    assert len(rows) == 2
    assert float(rows[0][2]) == pytest.approx(float(rows[1][2]), rel=1e-4)
    kept = tmp_path / "scored.parquet"
    assert links("score", model, "--pairs", out, "--out", kept).exit_code == 0
    assert parquet.read_table(kept)["score"].to_pylist() == [float(row[2]) for row in rows]
    pairs.write_text("source,target\nperson 1,nobody\n")
    assert "there is no node 'nobody'" in links("score", model, "--pairs", pairs).stderr
    pairs.write_text("source,target\nperson 1,person 2\nperson 1,person 1\n")
    assert "pair 2 is 'person 1' with itself" in links("score", model, "--pairs", pairs).stderr


def test_a_pair_is_explained(model: Path) -> None:
    said = links("explain", model, "--node", "person 0", "--other", "person 6", "--json")
    found = json.loads(said.stdout)
    assert 0 <= found["probability"] <= 1
    assert found["reasons"]["mutual"] >= len(found["reasons"]["friends"])


def test_newer_ties_and_new_nodes_are_taken_into_the_model(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", world())
    edges = tmp_path / "edges.csv"
    edges.write_text("source,target\nperson 1,person 2\nZoe,person 1\n")
    said = links("refresh", folder, edges)
    assert said.exit_code == 0, said.output
    assert "61 nodes (1 new), 2 edges" in said.stdout
    again = links("recommend", folder, "--node", "Zoe", "--top", "1")
    assert again.stdout.startswith("Zoe: 1 suggestion\n")
    unchanged = links("refresh", folder, edges)
    assert " 0 embeddings computed" in unchanged.stdout


def test_it_is_said_what_is_missing(model: Path, tmp_path: Path) -> None:
    assert "give --node ID, or --everyone" in links("recommend", model).stderr
    assert "no model in" in links("serve", tmp_path).stderr
    assert "there is no node 'nobody'" in links("recommend", model, "--node", "nobody").stderr


def test_a_tie_that_there_is_is_told_of_and_a_private_one_is_not(tmp_path: Path) -> None:
    made = world()
    folder = saved(tmp_path / "model", made)
    row = int(made.graph.indices[0])
    one, other = made.names.name(int(made.graph.sources()[0])), made.names.name(row)
    said = links("explain", folder, "--node", one, "--other", other)
    assert said.exit_code == 0, said.output
    assert "they are tied already" in said.stdout
    rules = tmp_path / "rules.csv"
    rules.write_text(f"node,other,rule\n{one} , {other},private\n")
    kept = links("explain", folder, "--node", one, "--other", other, "--rules", rules)
    assert kept.exit_code == 0, kept.output
    assert "tied already" not in kept.stdout
    assert "is both of the two" in links("explain", folder, "--node", one, "--other", one).stderr


def test_a_file_of_pairs_may_have_names_of_its_own_or_none(model: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("who,whom\nperson 1,person 2\n")
    named = links("score", model, "--pairs", pairs).stdout.splitlines()
    assert named[0] == '"who","whom","score","probability"'
    pairs.write_text("person 1, person 2\n")
    bare = links("score", model, "--pairs", pairs).stdout.splitlines()
    assert bare[0] == '"f0","f1","score","probability"'
    assert bare[1:] == named[1:]


def test_a_graph_is_refreshed_from_columns_of_any_name(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", world())
    edges = tmp_path / "edges.csv"
    edges.write_text("n,left,right\n1,person 1,person 2\n2,Zoe,person 1\n")
    said = links("refresh", folder, edges, "--columns", "left,right")
    assert "61 nodes (1 new), 2 edges" in said.stdout
    assert "--columns names two columns" in links("refresh", folder, edges, "--columns", "a").stderr
