"""Of an incident with too many anomalies the most telling are read, and that is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sensorium.agent import AgentConfig, Investigator
from sensorium.agent.selection import most_telling
from sensorium.model.incident import IncidentState
from tests.agent import scenarios
from tests.agent.conftest import open_bench
from tests.incident import storms, streams

pytestmark = pytest.mark.xdist_group("agent")


def test_of_few_all_are_read() -> None:
    few = streams.link_fault(0)
    assert most_telling(few, len(few)) == tuple(few)


def test_every_host_and_signal_is_read_before_a_second_one_of_any() -> None:
    many = storms.outage(3, 600)
    kinds = {(a.hosts[0], a.signal) for a in many}
    read = most_telling(many, len(kinds))
    assert {(a.hosts[0], a.signal) for a in read} == kinds
    assert len(read) == len(kinds)


def test_what_is_read_is_the_least_probable_in_the_order_of_the_incident() -> None:
    one_host = [streams.series(0, streams.WEB, f"m{n}", p=10.0**-n) for n in range(3, 12)]
    assert most_telling(one_host, 4) == tuple(one_host[-4:])


def test_an_incident_that_is_not_read_whole_is_never_closed_as_planned(tmp_path: Path) -> None:
    scenario = scenarios.planned_backup()
    few = AgentConfig(read_anomalies=len(scenario.anomalies) - 1)
    with open_bench(scenario, tmp_path) as bench:
        investigator = Investigator(replace(bench.deps, config=few), tmp_path / "few.sqlite")
        partial = investigator.investigate(scenario.incident, scenario.anomalies, scenario.until_ns)
        investigator.close()
        assert bench.observe.value("sensorium_agent_anomalies_left_out_total") == 1
        whole = bench.investigate()
    assert whole.incident.state is IncidentState.AUTO_RESOLVED
    assert partial.incident.state is not IncidentState.AUTO_RESOLVED
    brief = " ".join(partial.brief.split())
    assert f"1 anomaly beside the {len(scenario.anomalies) - 1} most telling ones" in brief
    assert "a person has to judge" in brief
