from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.topology.test_answers import town

CABLES = {
    "results": [
        {
            "a_terminations": [{"object": {"device": {"name": one}, "name": "1"}}],
            "b_terminations": [{"object": {"device": {"name": other}, "name": "2"}}],
            "status": {"value": "connected"},
        }
        for one, other in (("gw2", "sw-a"), ("gw2", "sw-b"), ("sw-a", "web"), ("sw-b", "web"))
    ]
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    for signal, batch in town().batches():
        store.insert(signal, batch)
    store.close()
    return folder


def run(data: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["topology", *arguments, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return result.output


def test_show_puts_the_most_critical_first(data: Path) -> None:
    text = run(data, "show")
    lines = [line.split() for line in text.splitlines()]
    assert text.startswith("10 nodes, 9 links, 9 client-service pairs")
    after = next(place for place, line in enumerate(lines) if line[:1] == ["node"]) + 1
    assert lines[after][:5] == ["gw2", "(10.0.0.2)", "!", "core", "router"]


def test_impact_says_what_is_lost(data: Path) -> None:
    text = run(data, "impact", "web")
    assert "If it fails, 4 of 9 client-service pairs are lost (44 %)" in text
    assert ["443/tcp", "web", "(10.2.0.10)", "3"] in [
        line.split()[:4] for line in text.splitlines()
    ]


def test_path_says_how_and_through_whom(data: Path) -> None:
    text = run(data, "path", "10.1.0.11", "db")
    assert "Every way leads through gw2 (10.0.0.2)." in text
    assert "10.2.0.20 uses 5432/tcp of db (10.2.0.30)" in text


def test_an_inventory_tells_of_a_second_way(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "cables.json"
    file.write_text(json.dumps(CABLES))
    found = json.loads(run(data, "path", "gw2", "web", "--inventory", str(file), "--json"))
    assert found["ways"] == 2
    assert found["hops"][0]["source"] == "netbox"


def test_settings_may_name_inventory_files(data: Path, tmp_path: Path) -> None:
    (tmp_path / "cables.json").write_text(json.dumps(CABLES))
    settings = tmp_path / "sensorium.yaml"
    settings.write_text(f"topology:\n  inventory: [{tmp_path / 'cables.json'}]\n")
    found = json.loads(run(data, "path", "gw2", "web", "-c", str(settings), "--json"))
    assert found["ways"] == 2


def test_an_unknown_node_is_an_error_for_people(data: Path) -> None:
    result = CliRunner().invoke(main, ["topology", "impact", "nobody", "--data", str(data)])
    assert result.exit_code == 2
    assert "nothing is called 'nobody'" in result.output


def test_names_with_marks_of_their_own_are_shown_and_asked_for(data: Path, tmp_path: Path) -> None:
    ends = (("c#1", "sw[a]"), ("c#1#p", "a-switch-with-a-name-as-long-as-a-corridor"))
    cables = [
        {
            f"{side}_terminations": [
                {
                    "object_type": "dcim.interface",
                    "object": {"device": {"name": name}, "name": "e#1"},
                }
            ]
            for side, name in zip("ab", pair, strict=True)
        }
        for pair in ends
    ]
    file = tmp_path / "cables.json"
    file.write_text(json.dumps({"results": cables}))
    files = ("--inventory", str(file))
    assert run(data, "impact", "c#1", *files).startswith("c#1: ")
    assert run(data, "impact", "c#1#p", *files).startswith("c#1#p: ")
    assert run(data, "impact", "c#1#e#1", *files).startswith("interface e#1 of c#1: ")
    assert run(data, "impact", "sw[a]", *files).startswith("sw[a]: ")
    shown = run(data, "show", *files)
    assert "sw[a]" in shown
    row = next(line for line in shown.splitlines() if line.startswith("gw2 (10.0.0.2)"))
    assert "100 %" in row


def test_a_device_is_found_by_its_short_and_its_full_name(data: Path, tmp_path: Path) -> None:
    (tmp_path / "sw-a.json").write_text(
        json.dumps({"Gi1": [{"hostname": "sw-b.example.net", "port": "Gi2"}]})
    )
    (tmp_path / "sw-b.json").write_text(
        json.dumps({"Gi9": [{"hostname": "sw-c.example.net", "port": "Gi2"}]})
    )
    files = ("--inventory", str(tmp_path))
    for name in ("sw-b", "sw-b.example.net"):
        assert run(data, "impact", name, *files).startswith("sw-b: ")
    for name in ("sw-c", "sw-c.example.net"):
        assert run(data, "impact", name, *files).startswith("sw-c.example.net: ")
