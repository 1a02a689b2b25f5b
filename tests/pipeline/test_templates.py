"""What NetFlow decoders know, kept across restarts."""

from __future__ import annotations

from pathlib import Path

from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.observe import Observe
from sensorium.pipeline.templates import TemplateFile


def test_a_folder_that_cannot_be_written_fails_no_turn_and_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "later" / "netflow-state.json"
    file = TemplateFile(NetflowDecoder(NetflowConfig(), Observe()), path, Observe())
    file.save()
    path.parent.mkdir()
    file.save()
    assert path.stat().st_size > 0
