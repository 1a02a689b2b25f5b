"""What PyG writes for its layers serves all of them and is gone once loaded; nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra [graph] is not installed")

AGGREGATIONS = ("lstm", "mean", "max", "sum")

PROGRAM = """
import sys

import torch
from sensorium.links.encoders.encoder import Shape
from sensorium.links.encoders.registry import ENCODERS, encoder
from sensorium.links.encoders.arcs import Arcs

# What is written for a class is as its first layer needs it, and serves all that come later.
members = [("sage", aggregation) for aggregation in sys.argv[1:]]
members += [(name, "mean") for name in ENCODERS for _ in range(2)]
for name, aggregation in members:
    shape = Shape(8, layers=2, aggregation=aggregation, heads=2, kinds=2)
    member = encoder(name, shape).eval()
    arcs = Arcs(torch.tensor([0, 1, 2]), torch.tensor([1, 0]), torch.tensor([0, 1]))
    assert member(torch.ones(2, 8), arcs).shape == (2, 8), (name, aggregation)
"""


def test_layers_leave_no_files_take_nobody_elses_and_work_beside_others(tmp_path: Path) -> None:
    anothers = tmp_path / "torch_geometric.nn.conv.sage_conv_SAGEConv_propagate_anothers.py"
    anothers.write_text("")
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", PROGRAM, *AGGREGATIONS]
    subprocess.run(command, env=environment, timeout=100, check=True)
    left = list(tmp_path.rglob("*.py*"))
    assert left == [anothers]
