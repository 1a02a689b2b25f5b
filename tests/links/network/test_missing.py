"""Services that hosts alike use, on made-up edges and out of a real store."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.detect.testing import START_NS, Talks, flow_batch
from sensorium.links.network.graph import edges_by_window, over_all_windows
from sensorium.links.network.missing import missing
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from sensorium.topology.orientation import SRC_IS_SERVER
from tests.links.almost_alike import AT, talks

Row = tuple[str, str, int, int]


def edges(rows: dict[Row, int]) -> pa.Table:
    names = ("client", "server", "port", "proto")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return pa.table(columns | {"windows": list(rows.values())})


def office(*, without: tuple[Row, ...] = (), seldom: tuple[Row, ...] = ()) -> pa.Table:
    """Six clerks with three services, four engineers with three others; all ask the resolver."""
    rows: dict[Row, int] = {}
    for group, clients, ports in (("clerk", 6, (80, 443, 5432)), ("engineer", 4, (22, 6443, 9090))):
        for n in range(clients):
            for port in ports:
                rows[f"{group}{n}", f"server{port}", port, 6] = 9
            rows[f"{group}{n}", "resolver", 53, 17] = 9
    return edges({row: 1 if row in seldom else 9 for row in rows if row not in without})


def test_what_all_hosts_alike_use_is_missing_from_one() -> None:
    gone: Row = ("clerk2", "server5432", 5432, 6)
    (found,) = missing(office(without=(gone,)))
    assert (found.client, found.server, found.port, found.proto) == gone
    assert (found.using, found.like) == (5, 5)
    assert found.users == ("clerk0", "clerk1", "clerk3")
    assert found.likelihood > 0.8


def test_nothing_is_missing_where_all_alike_are_the_same() -> None:
    assert missing(office()) == []
    assert missing(office().slice(0, 0)) == []


def test_what_was_seen_but_seldom_is_neither_a_habit_nor_missing() -> None:
    seldom: Row = ("clerk2", "server5432", 5432, 6)
    assert missing(office(seldom=(seldom,))) == []
    users = tuple((f"clerk{n}", "server5432", 5432, 6) for n in range(5))
    assert missing(office(without=(("clerk5", "server5432", 5432, 6),), seldom=users)) == []


def test_a_service_everybody_uses_makes_nobody_alike() -> None:
    rows: dict[Row, int] = {(f"host{n}", "resolver", 53, 17): 9 for n in range(40)}
    rows |= {(f"host{n}", f"own{n}", 80, 6): 9 for n in range(40)}
    assert missing(edges(rows)) == []


def test_a_server_is_not_missing_itself() -> None:
    rows: dict[Row, int] = {}
    for n in range(5):
        rows |= {(f"web{n}", f"db{m}", 5432, 6): 9 for m in range(3)}
        rows |= {(f"web{n}", "web0", 80, 6): 9}
    del rows["web0", "web0", 80, 6]
    assert missing(edges(rows)) == []


def test_many_clients_give_the_same_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: Row = ("engineer1", "server22", 22, 6)
    whole = missing(office(without=(gone,)), least_likelihood=0.1)
    monkeypatch.setattr("sensorium.links.network.missing._BLOCK", 3)
    assert missing(office(without=(gone,)), least_likelihood=0.1) == whole
    assert whole


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store: five clients use four services in each of six windows, but one uses one less."""
    asked = Talks.to(AT, "10.0.1.1", "10.0.9.9", 161, proto=17, answered=False)
    folder = tmp_path_factory.mktemp("data")
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    store.insert(Signal.FLOWS, flow_batch(Talks.join([*talks(), asked]), np.random.default_rng(0)))
    store.close()
    return folder


def test_the_store_gives_the_graph_of_each_window(data: Path) -> None:
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=data)
    try:
        found = edges_by_window(
            store.query, START_NS - 1, START_NS + 3600 * 10**9, src_is_server=SRC_IS_SERVER
        )
    finally:
        store.close()
    first = START_NS // (30 * 10**9)
    assert sorted(set(found["window"].to_pylist())) == list(range(first, first + 6))
    assert found.num_rows == 19 * 6
    whole = over_all_windows(found)
    assert whole.num_rows == 19
    assert set(whole["windows"].to_pylist()) == {6}
    assert set(whole["proto"].to_pylist()) == {6}
    assert min(whole["bytes"].to_pylist()) > 0


def run(data: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["links", "missing", "--data", str(data), *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_what_is_missing(data: Path) -> None:
    text = run(data)
    assert "10.0.1.4" in text
    assert "10.0.2.182 5432/tcp" in text
    assert "4 of 4 like it" in text
    assert "19 edges seen; 1 likely ones never were" in text


def test_the_command_gives_json(data: Path) -> None:
    told = json.loads(run(data, "--json"))
    assert told["edges"] == 19
    assert told["missing"][0]["client"] == "10.0.1.4"
    assert told["missing"][0]["users"] == ["10.0.1.1", "10.0.1.2", "10.0.1.3"]


def test_the_command_says_where_nothing_is_missing(data: Path) -> None:
    assert "none is missing" in run(data, "--least", "0.99")
