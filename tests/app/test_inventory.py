"""Inventory files that change while a service runs are taken over, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensorium.app.spine import Spine, build_spine
from sensorium.config import Settings
from sensorium.observe import Observe
from sensorium.topology.config import TopologyConfig
from sensorium.topology.inventory import InventoryError

ADDRESSES = {"gw-1": "10.0.0.1", "sw-1": "10.0.0.2", "db-1": "10.0.0.5", "web-1": "10.0.0.6"}
TREE = ("gw-1 ge1", "sw-1 48"), ("gw-1 ge2", "up-1 1"), ("sw-1 1", "db-1 eth0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "inventory"
    found.mkdir()
    write(found, ("gw-1", "sw-1", "db-1"), TREE)
    return found


@pytest.fixture
def spine(folder: Path) -> Iterator[Spine]:
    built = build_spine(settings(folder), Observe())
    yield built
    built.close()


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder.parent / "data", topology=TopologyConfig(inventory=(folder,)))


def write(folder: Path, devices: tuple[str, ...], cables: tuple[tuple[str, str], ...]) -> None:
    """What NetBox would export of these."""

    def end(text: str) -> list[dict[str, Any]]:
        device, port = text.split()
        return [{"object": {"device": {"name": device}, "name": port}}]

    told = [
        {"a_terminations": end(a), "b_terminations": end(b), "status": {"value": "connected"}}
        for a, b in cables
    ]
    (folder / "cables.json").write_text(json.dumps({"results": told}))
    known = [
        {"name": name, "role": {"slug": "server"}, "device_type": {"model": "x"}, "site": None}
        | {"primary_ip": {"address": f"{ADDRESSES[name]}/24"}}
        for name in devices
    ]
    (folder / "devices.json").write_text(json.dumps({"results": known}))


def reads(spine: Spine, outcome: str) -> float:
    name = "sensorium_inventory_reads_total"
    return spine.observe.registry.get_sample_value(name, {"outcome": outcome}) or 0.0


def filed(spine: Spine) -> set[tuple[str, str]]:
    asked = "SELECT one, other FROM cables WHERE snapshot = {snapshot:String}"
    rows = spine.telemetry.query(asked, {"snapshot": spine.inventory.cables}).to_pylist()
    return {(row["one"], row["other"]) for row in rows}


def test_a_changed_folder_counts_once_it_is_at_rest(spine: Spine, folder: Path) -> None:
    inventory, names = spine.inventory, spine.identities
    assert inventory.behind("10.0.0.2") == {"10.0.0.5"}
    write(folder, ("gw-1", "sw-1", "web-1"), (*TREE[:2], ("sw-1 2", "web-1 eth0")))
    inventory.look()
    assert names.resolve("db-1") == "10.0.0.5", "it may still be being written"
    inventory.look()
    assert names.resolve("db-1") is None
    assert names.resolve("web-1") == "10.0.0.6"
    assert inventory.behind("10.0.0.2") == {"10.0.0.6"}
    assert filed(spine) == {("gw-1", "sw-1"), ("gw-1", "up-1"), ("sw-1", "web-1")}
    inventory.look()
    assert reads(spine, "taken") == 1


def test_nothing_is_read_again_while_nothing_changes(spine: Spine, folder: Path) -> None:
    (folder / "devices.json").chmod(0o600)
    for _ in range(3):
        spine.inventory.look()
    assert reads(spine, "taken") == reads(spine, "refused") == 0


def test_files_that_cannot_be_read_leave_what_was_known_and_are_counted_once(
    spine: Spine, folder: Path
) -> None:
    inventory, before = spine.inventory, spine.inventory.cables
    (folder / "devices.json").write_text('{"results": [{"name": "gw-')
    for _ in range(4):
        inventory.look()
    assert reads(spine, "refused") == 1
    assert spine.identities.resolve("db-1") == "10.0.0.5"
    assert inventory.cables == before
    write(folder, ("gw-1", "sw-1", "web-1"), TREE[:1])
    inventory.look()
    inventory.look()
    assert reads(spine, "taken") == 1
    assert filed(spine) == {("gw-1", "sw-1")}


def test_a_folder_that_goes_away_for_a_while_changes_nothing(spine: Spine, folder: Path) -> None:
    inventory = spine.inventory
    shutil.move(folder, folder.parent / "elsewhere")
    inventory.look()
    inventory.look()
    assert reads(spine, "refused") == 1
    assert spine.identities.resolve("db-1") == "10.0.0.5"
    shutil.move(folder.parent / "elsewhere", folder)
    inventory.look()
    inventory.look()
    assert spine.identities.resolve("db-1") == "10.0.0.5"


def test_a_case_is_told_of_the_cables_that_are_known_when_it_begins(
    spine: Spine, folder: Path
) -> None:
    told = spine.inquest._agent._deps.cables
    before = told()
    write(folder, ("gw-1", "sw-1"), TREE[:1])
    spine.inventory.look()
    spine.inventory.look()
    assert told() == spine.inventory.cables != before


def test_an_inventory_that_cannot_be_read_at_the_start_is_told_and_leaves_nothing_open(
    folder: Path,
) -> None:
    (folder / "devices.json").write_text("nonsense")
    with pytest.raises(InventoryError, match=r"devices\.json"):
        build_spine(settings(folder), Observe())
    write(folder, ("gw-1",), ())
    build_spine(settings(folder), Observe()).close()
