"""When an announced transfer ran, where the same pair also talks at other times."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sensorium.model.incident import IncidentState
from tests.agent import scenarios
from tests.agent.conftest import open_bench
from tests.agent.scenarios import A, Scenario

pytestmark = pytest.mark.xdist_group("agent")

MB = 1_000_000
EARLY = A - 110


def brief_of(scenario: Scenario, folder: Path) -> tuple[IncidentState, str]:
    with open_bench(scenario, folder) as bench:
        result = bench.investigate()
    return result.incident.state, " ".join(result.brief.split())


def routine(size: int, *, since: int, every: int) -> Scenario:
    """The announced backup, between hosts that also copy ``size`` bytes every so often."""
    scenario = scenarios.planned_backup()
    for second in range(since, A, every):
        scenario.town.talk(second, "files", "vault", 22, size, 4_000, 3)
    return scenario


@pytest.mark.parametrize(
    ("size", "since"), [(20_000, EARLY), (4 * MB, 100)], ids=["little", "usual"]
)
def test_what_a_pair_copies_anyway_is_no_part_of_the_announced_transfer(
    size: int, since: int, tmp_path: Path
) -> None:
    state, brief = brief_of(routine(size, since=since, every=EARLY - 100), tmp_path)
    assert "ran from 10:15:02 to 10:18:02, within" in brief
    assert state is IncidentState.AUTO_RESOLVED


@pytest.mark.parametrize(("size", "every"), [(50 * MB, 300), (MB // 4, 4)], ids=["one", "many"])
def test_what_is_not_usual_and_came_too_early_is_not_excused(
    size: int, every: int, tmp_path: Path
) -> None:
    state, brief = brief_of(routine(size, since=EARLY, every=every), tmp_path)
    assert re.search("ran from 10:13:[0-9]+ to 10:18:02, not within the announced", brief)
    assert state is not IncidentState.AUTO_RESOLVED


def test_an_earlier_transfer_as_large_does_not_make_the_routine_a_part(tmp_path: Path) -> None:
    scenario = routine(20_000, since=EARLY, every=300)
    scenario.town.bulk(200, "files", "vault", 22, 600 * MB, 60)
    state, brief = brief_of(scenario, tmp_path)
    assert "ran from 10:15:02 to 10:18:02, within" in brief
    assert state is IncidentState.AUTO_RESOLVED


def test_the_transfer_itself_is_never_hidden_by_a_larger_one_of_the_past(tmp_path: Path) -> None:
    scenario = scenarios.planned_backup()
    scenario.town.bulk(200, "files", "vault", 22, 600 * MB, 60)
    scenario.town.talk(EARLY, "files", "vault", 22, 50 * MB, 4_000, 3)
    state, brief = brief_of(scenario, tmp_path)
    assert "ran from 10:13:10 to 10:18:02, not within" in brief
    assert state is not IncidentState.AUTO_RESOLVED
