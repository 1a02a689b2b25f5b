from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.errors import UsageError
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.names import Names
from sensorium.links.serving.rules import read_rules

NAMES = Names(["ann", "bob", "eve", "007"])
TEXT = """node,other,rule
ann,bob,blocked
eve,ann,dismissed
bob,007,pending
eve,,opted_out
ann,eve,private
nobody,ann,blocked
"""


def written(path: Path, text: str = TEXT) -> Path:
    path.write_text(text)
    return path


def test_rules_say_whom_not_to_suggest_to_whom(tmp_path: Path) -> None:
    rules = read_rules(written(tmp_path / "rules.csv"), NAMES)
    refused = [rules.refused_to(row).tolist() for row in range(4)]
    assert refused == [[1], [0, 3], [0], [1]]
    assert rules.opted_out.tolist() == [False, False, True, False]
    assert rules.unknown == 1


def test_rules_are_read_from_parquet_too(tmp_path: Path) -> None:
    table = pa.table({"node": ["ann", "eve"], "rule": ["hidden", "opted_out"]})
    pq.write_table(table, tmp_path / "rules.parquet")
    rules = read_rules(tmp_path / "rules.parquet", NAMES)
    assert rules.hidden.tolist() == [True, False, False, False]


@pytest.mark.parametrize("directed", [False, True])
def test_private_ties_are_not_in_the_public_graph(tmp_path: Path, directed: bool) -> None:
    text = "node,other,rule\neve,ann,private\n007,,hidden\n"
    rules = read_rules(written(tmp_path / "rules.csv", text), NAMES)
    graph = Graph.from_edges(4, np.array([0, 0, 1, 3]), np.array([1, 2, 2, 1]), directed=directed)
    public = rules.public(graph)
    assert sorted(zip(*(end.tolist() for end in public.pairs()), strict=True)) == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("node,other,rule\nann,bob,hated\n", "the rule 'hated' in row 1"),
        ("node,other,rule\nann,,hidden\nann,,blocked\n", "blocked in row 2 without saying whom"),
        ("node,other\nann,bob\n", "no column 'rule'"),
        ("", "is empty"),
        ("node,other,rule\nann,bob\n", "cannot read"),
    ],
)
def test_a_file_that_is_no_table_of_rules_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_rules(written(tmp_path / "rules.csv", text), NAMES)
