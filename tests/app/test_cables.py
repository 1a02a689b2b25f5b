"""The service files what its inventory says of cables, and its investigations are told where."""

from __future__ import annotations

import json
from pathlib import Path

from sensorium.app.spine import build_spine
from sensorium.config import Settings
from sensorium.observe import Observe
from sensorium.topology.config import TopologyConfig


def test_cables_of_the_settings_are_in_the_store_once_however_often_it_starts(
    tmp_path: Path,
) -> None:
    end = {"device": {"name": "sw-1"}, "name": "48"}, {"device": {"name": "gw-1"}, "name": "ge1"}
    cable = {
        "a_terminations": [{"object": end[0]}],
        "b_terminations": [{"object": end[1]}],
        "status": {"value": "connected"},
    }
    (tmp_path / "cables.json").write_text(json.dumps({"results": [cable]}))
    settings = Settings(
        data_dir=tmp_path / "data",
        topology=TopologyConfig(inventory=(tmp_path / "cables.json",)),
    )
    for _ in range(2):
        spine = build_spine(settings, Observe())
        rows = spine.telemetry.query(
            "SELECT one, one_port, other, other_port, source FROM cables"
        ).to_pylist()
        spine.close()
        assert [tuple(row.values()) for row in rows] == [("sw-1", "48", "gw-1", "ge1", "netbox")]
