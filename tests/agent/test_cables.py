"""What the brief says of cables: with evidence in the store, which can be asked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sensorium.agent import Investigator
from sensorium.agent.evidence_rerun import rerun
from sensorium.app.cables import file_cables
from sensorium.model.evidence import Finding
from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory
from tests.agent.conftest import Bench
from tests.agent.town import at

pytestmark = pytest.mark.xdist_group("agent")

HOSTS = ("web", "app", "db")
DEVICES = {
    "gw1": Device("gw1", DeviceKind.ROUTER),
    "gw2": Device("gw2", DeviceKind.ROUTER, site="Oslo"),
    "sw-1": Device("sw-1", DeviceKind.SWITCH),
}
CABLES = (
    Cable("gw2", "ge1", "gw1", "ge1", "lldp"),
    Cable("gw2", "ge2", "sw-1", "48", "netbox"),
    *(Cable("sw-1", str(n), host, "", "netbox") for n, host in enumerate(HOSTS)),
)
ROUND = Cable("gw1", "ge7", "sw-1", "47", "netbox")


def brief_of(bench: Bench, folder: Path, *cables: Cable) -> tuple[list[Finding], str]:
    """The findings about cables, and the brief's impact, where these cables are known."""
    snapshot = file_cables(bench.telemetry, Inventory(DEVICES, cables), at(0))
    investigator = Investigator(
        replace(bench.deps, cables=lambda: snapshot), folder / "cabled.sqlite"
    )
    s = bench.scenario
    result = investigator.investigate(s.incident, s.anomalies, s.until_ns)
    investigator.close()
    found = [f for f in result.findings if "cable" in f.text or " hangs " in f.text]
    impact = result.brief.partition("## Impact")[2].partition("\n## ")[0]
    return found, " ".join(impact.split())


def test_the_impact_of_a_link_says_what_is_at_its_other_end_and_has_no_other_way(
    bench: Bench, tmp_path: Path
) -> None:
    found, impact = brief_of(bench, tmp_path, *CABLES)
    assert (
        "interface ge1 of gw2 (10.0.0.2) is cabled to port ge1 of gw1 (10.0.0.1) (lldp); without "
        "that cable 1 node has no way to the rest by the cables that are known: gw1 (10.0.0.1)"
    ) in impact
    assert any(
        f.text.startswith(
            "by its cables gw2 (10.0.0.2) is a router at site Oslo next to sw-1 and gw1"
        )
        for f in found
    )
    # Other ports of the router are not what happened.
    assert not any("interface ge2" in f.text for f in found)


@pytest.mark.parametrize("port", ["GE1", "GigabitEthernet1", "ge1.0"])
def test_a_port_that_a_log_calls_otherwise_than_its_cable_is_the_same_port(
    bench: Bench, tmp_path: Path, port: str
) -> None:
    found, impact = brief_of(bench, tmp_path, Cable("gw2", port, "gw1", "ge1", "lldp"), *CABLES[1:])
    assert f"interface {port} of gw2 (10.0.0.2) is cabled to port ge1 of gw1" in impact
    assert not any("interface ge2" in f.text for f in found)


def test_a_link_beside_which_there_is_another_way_is_said_to_have_one(
    bench: Bench, tmp_path: Path
) -> None:
    found, impact = brief_of(bench, tmp_path, *CABLES, ROUND)
    assert "port ge1 of gw1 (10.0.0.1) (lldp); without that cable there is another way" in impact
    assert any("without it all others still reach each other" in f.text for f in found)


def test_two_cables_side_by_side_are_two_ways(bench: Bench, tmp_path: Path) -> None:
    second = Cable("gw2", "ge9", "gw1", "ge9", "lldp")
    _, impact = brief_of(bench, tmp_path, *CABLES, second)
    assert "without that cable there is another way" in impact


def test_what_is_said_of_cables_can_be_asked_again_when_the_files_say_something_else(
    bench: Bench, tmp_path: Path
) -> None:
    found, _ = brief_of(bench, tmp_path, *CABLES)
    file_cables(bench.telemetry, Inventory(DEVICES, (ROUND,)), at(9000))
    cited = {e for f in found for e in f.evidence_for}
    assert len(cited) == 1
    evidence = bench.records.evidence.get(cited.pop())
    assert evidence is not None
    again = rerun(evidence, bench.telemetry)
    assert again.matches
    assert len(again.rows) == len(CABLES)
    # The cables of what the incident is about come first, where a screenful shows them.
    assert "gw2" in again.rows[0]


def test_the_same_cables_are_filed_once(bench: Bench) -> None:
    told = Inventory(DEVICES, CABLES)
    first, second = (file_cables(bench.telemetry, told, at(t)) for t in (0, 60))
    assert first == second
    rows = bench.telemetry.query(
        "SELECT uniqExact(told_ns) AS times, count() AS rows FROM cables "
        "WHERE snapshot = {s:String}",
        {"s": first},
    ).to_pylist()
    assert rows == [{"times": 1, "rows": len(CABLES)}]
    assert file_cables(bench.telemetry, Inventory(DEVICES), at(0)) == ""


def test_without_an_inventory_nothing_is_asked_of_cables(bench: Bench) -> None:
    result = bench.investigate()
    assert not any("cabled" in e.title for e in result.evidence)


@pytest.mark.parametrize("name", ["gw2", "gw2.example.net", "10.0.0.2"])
def test_a_device_is_known_by_any_of_its_names(bench: Bench, tmp_path: Path, name: str) -> None:
    found, _ = brief_of(bench, tmp_path, Cable(name, "ge1", "gw1", "ge1", "lldp"))
    assert "gw2 (10.0.0.2) hangs by its ge1 on port ge1 of gw1 (10.0.0.1) (lldp)" in {
        f.text for f in found
    }
