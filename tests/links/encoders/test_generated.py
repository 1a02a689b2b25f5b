"""What PyG writes for its layers is gone once it is loaded, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra [graph] is not installed")

PROGRAM = """
import torch
from sensorium.links.encoders.encoder import Shape
from sensorium.links.encoders.registry import ENCODERS, encoder
from sensorium.links.encoders.arcs import Arcs

for name in ENCODERS:
    for _ in range(2):
        member = encoder(name, Shape(8, layers=2, heads=2, kinds=2)).eval()
        arcs = Arcs(torch.tensor([0, 1, 2]), torch.tensor([1, 0]), torch.tensor([0, 1]))
        assert member(torch.ones(2, 8), arcs).shape == (2, 8), name
"""


def test_layers_leave_no_files_and_take_nobody_elses(tmp_path: Path) -> None:
    anothers = tmp_path / "torch_geometric.nn.conv.sage_conv_SAGEConv_propagate_anothers.py"
    anothers.write_text("")
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, timeout=100, check=True)
    left = [file for file in tmp_path.rglob("*") if "torch_geometric" in file.name]
    assert left == [anothers]
