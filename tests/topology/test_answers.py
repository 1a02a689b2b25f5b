from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.errors import UsageError
from sensorium.moments import moment_ns
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.topology.answers import Topology
from sensorium.topology.config import SiteConfig, TopologyConfig
from sensorium.topology.networks import inside_of
from sensorium.topology.words import amount, named, percent
from tests.agent.town import Town, at, ip

inside = inside_of(["10.0.0.0/8"])


def town() -> Town:
    """Workstations read the web server, which asks the app, which asks the database."""
    made = Town()
    for minute in range(4):
        at = 60.0 * minute
        for client in ("ws-1", "ws-2", "ws-3"):
            made.talk(at, client, "web", 443)
            made.talk(at + 2, client, "dns", 53, proto=17)
        made.talk(at + 1, "web", "app", 8000)
        made.talk(at + 1, "app", "db", 5432)
        made.talk(at + 3, "ws-1", "198.51.100.7", 443, received=40_000)
    made.talk(5, "ws-3", "vault", 22)  # once: no habit
    for host in ("web", "db", "gw1", "gw2"):
        made.log(10, host, "cron", "tick")
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseTelemetry]:
    folder = tmp_path_factory.mktemp("topology")
    opened = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    for signal, batch in town().batches():
        opened.insert(signal, batch)
    opened.flush()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def topology(store: ClickHouseTelemetry) -> Topology:
    return Topology(store.query, TopologyConfig(), inside)


def test_a_store_without_flows_says_what_is_missing(tmp_path: Path) -> None:
    empty = open_telemetry(TelemetryConfig(), Observe(), data_dir=tmp_path)
    with pytest.raises(UsageError, match="no flow is stored"):
        Topology(empty.query, TopologyConfig(), inside)
    empty.close()


def test_the_most_critical_come_first(topology: Topology) -> None:
    answer = topology.show()
    first, second = answer["nodes"][:2]
    assert (first["label"], first["role"]) == ("gw2 (10.0.0.2)", "core router")
    assert first["on_paths"] == first["lost_share"] == 1.0
    assert first["parts_the_network"]
    assert second["label"] == "web (10.2.0.10)"
    assert second["lost_pairs"] == 4
    assert all(link["only_way"] for link in answer["links"])


def test_what_was_used_once_is_no_habit(topology: Topology) -> None:
    assert ip("vault") not in {node["key"] for node in topology.show()["nodes"]}


def test_impact_names_services_and_who_depends_on_them_in_turn(topology: Topology) -> None:
    answer = topology.impact("db")
    assert answer["lost"]["pairs"] == 1
    assert answer["services"][0]["service"] == "5432/tcp"
    assert [one["steps"] for one in answer["in_turn"]] == [1, 2, 2, 2]
    assert answer["ways_left"] is None


def test_a_router_is_on_the_paths_that_it_reports(topology: Topology) -> None:
    answer = topology.impact("gw1")
    assert answer["on_paths"] == pytest.approx(1 / answer["pairs"], abs=1e-6)
    assert answer["on_paths_from"] == "flow reports"
    assert answer["cut_off"]["pairs"] == 1


def test_every_figure_comes_with_questions_that_can_be_asked_again(
    topology: Topology, store: ClickHouseTelemetry
) -> None:
    for evidence in topology.show()["evidence"]:
        assert store.query(evidence["query"], evidence["parameters"]).num_rows >= 0
    uses = topology.show()["evidence"][0]
    assert store.query(uses["query"], uses["parameters"]).num_rows == topology.show()["pairs"]


def test_there_is_no_path_from_a_node_to_itself(topology: Topology) -> None:
    with pytest.raises(UsageError, match="are the same node"):
        topology.path("db", "db (10.2.0.30)")  # as it is shown


def test_a_path_tells_links_and_dependence(topology: Topology) -> None:
    answer = topology.path("10.1.0.11", "db")
    assert [hop["to"] for hop in answer["hops"]] == ["gw2 (10.0.0.2)", "db (10.2.0.30)"]
    assert answer["only_through"] == ["gw2 (10.0.0.2)"]
    assert [one["service"] for one in answer["depends"]] == ["443/tcp", "8000/tcp", "5432/tcp"]


def test_a_name_that_is_nearly_right_gets_a_hint(topology: Topology) -> None:
    with pytest.raises(UsageError) as raised:
        topology.impact("gw-2")
    assert raised.value.next_step == "did you mean gw2?"


def test_an_interface_and_a_site_are_asked_like_nodes(store: ClickHouseTelemetry) -> None:
    sites = (SiteConfig(name="Users", networks=("10.1.0.0/16",)),)
    topology = Topology(store.query, TopologyConfig(sites=sites), inside)
    answer = topology.impact("gw2#1")
    assert (answer["what"], answer["on_paths"]) == ("interface", 1.0)
    assert answer["lost"]["pairs"] == answer["pairs"]
    for as_it_is_shown in ("interface 1 of gw2 (10.0.0.2)", "1 of gw2"):
        assert topology.impact(as_it_is_shown)["label"] == answer["label"]
    with pytest.raises(UsageError, match="nothing is called 'nobody'"):
        topology.impact("1 of nobody")
    site = topology.impact("users")
    assert (site["what"], site["label"]) == ("site", "site Users")
    assert site["lost"]["pairs"] == 7
    assert {link["to"] for link in site["exits"]} == {"gw2 (10.0.0.2)"}
    shown = topology.show()
    assert [row["name"] for row in shown["sites"]] == ["Users"]
    assert {row["device"] for row in shown["interfaces"]} == {ip("gw1"), ip("gw2")}
    with pytest.raises(UsageError) as raised:
        topology.impact("gw2#ge9")
    assert raised.value.next_step == "it has 1 and 2"


def test_the_network_of_an_earlier_time_is_without_what_came_later(
    store: ClickHouseTelemetry,
) -> None:
    early = Topology(store.query, TopologyConfig(habit_slots=1), inside, at(4))
    assert ip("app") in early.wiring.nodes
    assert ip("vault") not in early.wiring.nodes  # first met two seconds later
    whole = Topology(store.query, TopologyConfig(habit_slots=1), inside)
    assert ip("vault") in whole.wiring.nodes
    assert early.show()["until"] < whole.show()["until"]
    with pytest.raises(UsageError, match="no flow is stored that ended by 2026-01-05 09:59"):
        Topology(store.query, TopologyConfig(), inside, at(-60))


def test_a_time_is_of_utc_where_no_zone_is_said() -> None:
    assert moment_ns("2026-01-05T10:00") == moment_ns("2026-01-05T11:00+01:00") == at(0)
    with pytest.raises(UsageError, match="'noon' is no time"):
        moment_ns("noon")


def test_figures_read_as_people_write_them() -> None:
    shares = (0.0, 0.0001, 0.0041, 0.41, 0.999, 1.0)
    assert [percent(x) for x in shares] == ["0 %", "<0.1 %", "0.4 %", "41 %", "99 %", "100 %"]
    assert [amount(x) for x in (0, 999, 4_000, 453_000_000)] == ["0 B", "999 B", "4.0 kB", "453 MB"]
    assert named(["a"], 2) == "a"
    assert named(["a", "b", "c"], 3) == "a, b and c"
    assert named(["a", "b", "c"], 2) == "a, b and 1 more"
