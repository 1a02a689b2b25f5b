from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.topology import Edge, EdgeTable, EntityGraph
from sensorium.topology.edges import EdgeAccumulator
from sensorium.topology.orientation import source_is_server
from tests.topology.batches import SECOND, flow, flows

# Two workstations use the web server, which uses the app, which uses the database; backup and
# one workstation reach the database by themselves.
SITE = EdgeTable(
    [
        Edge("10.0.1.1", "10.0.2.1", 443, 6),
        Edge("10.0.1.2", "10.0.2.1", 443, 6),
        Edge("10.0.2.1", "10.0.2.2", 8000, 6),
        Edge("10.0.2.2", "10.0.2.3", 5432, 6),
        Edge("10.0.2.9", "10.0.2.3", 22, 6),
    ]
)


def test_neighbours_are_both_who_uses_a_host_and_whom_it_uses() -> None:
    assert SITE.neighbours("10.0.2.2") == ("10.0.2.1", "10.0.2.3")
    assert SITE.degree("10.0.2.1") == 3


def test_dependencies_are_the_services_a_host_uses() -> None:
    assert SITE.dependencies("10.0.2.2") == (("10.0.2.3", 5432, 6),)
    assert SITE.depends_on("10.0.2.2", "10.0.2.3")
    assert not SITE.depends_on("10.0.2.3", "10.0.2.2")


def test_the_blast_radius_follows_users_of_users() -> None:
    assert SITE.dependents("10.0.2.3") == {
        "10.0.2.2": 1,
        "10.0.2.9": 1,
        "10.0.2.1": 2,
        "10.0.1.1": 3,
        "10.0.1.2": 3,
    }
    assert SITE.dependents("10.0.2.3", 22) == {"10.0.2.9": 1}
    assert SITE.dependents("10.0.2.3", max_distance=1) == {"10.0.2.2": 1, "10.0.2.9": 1}


def test_a_circle_of_services_ends() -> None:
    circle = EdgeTable([Edge("a", "b", 1, 6), Edge("b", "c", 1, 6), Edge("c", "a", 1, 6)])
    assert circle.dependents("a") == {"c": 1, "b": 2}


def test_who_stands_between_most_pairs_has_the_highest_betweenness() -> None:
    assert max(SITE.betweenness, key=SITE.betweenness.__getitem__) in {"10.0.2.1", "10.0.2.2"}
    assert SITE.betweenness["10.0.1.1"] == 0.0


def test_what_most_of_the_network_depends_on_is_most_critical() -> None:
    assert max(SITE.criticality, key=SITE.criticality.__getitem__) == "10.0.2.3"


def test_the_answer_of_the_edge_query_gives_the_same_table() -> None:
    rows = [[e.client, f"::ffff:{e.server}", e.port, e.proto, e.flows, e.bytes] for e in SITE.edges]
    table = EdgeTable.of_rows(["client", "server", "port", "proto", "flows", "bytes"], rows)
    assert table.edges == SITE.edges


def test_an_answer_without_a_needed_column_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="lacks port, proto"):
        EdgeTable.of_rows(["client", "server", "flows", "bytes"], [])


@pytest.mark.parametrize(
    ("fields", "server"),
    [
        ({}, False),
        ({"src_port": 80, "dst_port": 40000}, True),
        ({"src_port": 40000, "dst_port": 50051, "tcp_flags": 0x02}, False),
        ({"src_port": 50051, "dst_port": 40000, "tcp_flags": 0x14, "packets": 1}, True),
        ({"src_port": 123, "dst_port": 123, "proto": 17}, True),
        ({"src_port": 0, "dst_port": 0, "proto": 1}, False),
    ],
)
def test_the_server_is_who_was_asked_or_has_the_lower_port(
    fields: dict[str, int], server: bool
) -> None:
    assert source_is_server(flows(flow("10.0.0.1", "10.0.0.2", **fields))).tolist() == [server]


@given(
    st.integers(0, 65535), st.integers(0, 65535), st.sampled_from([6, 17]), st.sampled_from("12")
)
def test_both_directions_of_a_connection_agree_on_the_server(
    a: int, b: int, proto: int, last: str
) -> None:
    ends = ("10.0.0.3", f"10.0.0.{last}")
    there = flow(*ends, src_port=a, dst_port=b, proto=proto)
    back = flow(*ends[::-1], src_port=b, dst_port=a, proto=proto)
    forward, reverse = source_is_server(flows(there, back)).tolist()
    assert forward != reverse


def visits(count: int) -> list[dict[str, object]]:
    return [
        flow("10.0.1.1", "10.0.2.1", time_received_ns=n * 10 * SECOND + 1, bytes=n)
        for n in range(count)
    ]


def test_an_edge_is_established_once_it_is_a_habit() -> None:
    graph = EntityGraph()
    scan = [flow("10.0.1.1", "10.0.2.2", dst_port=p, time_received_ns=5) for p in range(1, 200)]
    graph.observe(flows(*visits(3), *scan))
    graph.advance(30 * SECOND)
    assert graph.established.neighbours("10.0.1.1") == ("10.0.2.1",)
    assert graph.all.degree("10.0.1.1") == 2


def test_records_past_the_watermark_wait() -> None:
    graph = EntityGraph()
    graph.observe(flows(*visits(6)))
    graph.advance(20 * SECOND)
    assert [e.flows for e in graph.all.edges] == [2]
    graph.advance(60 * SECOND)
    assert [(e.flows, e.bytes, e.slots) for e in graph.all.edges] == [(6, 15, 6)]


def test_the_least_recently_used_edges_are_given_up_and_counted() -> None:
    graph = EntityGraph(max_edges=2)
    for n in range(5):
        graph.observe(flows(flow("10.0.1.1", f"10.0.2.{n}", time_received_ns=n * 10 * SECOND)))
    graph.advance(100 * SECOND)
    assert graph.evicted == 3
    assert graph.all.neighbours("10.0.1.1") == ("10.0.2.3", "10.0.2.4")


def test_what_nobody_asks_about_takes_no_more_room_as_time_goes_on() -> None:
    accumulator = EdgeAccumulator()
    for second in range(0, 3000, 5):
        accumulator.observe(flows(*[flow("10.0.1.1", f"10.0.2.{n}") for n in range(3)]))
        accumulator.gather(second * SECOND)
        waiting = sum(table.num_rows for table in accumulator._pending)
        assert waiting + accumulator._ready.num_rows <= 6
    assert list(accumulator.edges()) == []
    assert accumulator.advance(3000 * SECOND)
    assert [edge.flows for edge in accumulator.edges()] == [600] * 3


@given(st.integers(0, 10_000), st.lists(st.integers(0, 40), max_size=5), st.integers(1, 9))
def test_the_graph_does_not_depend_on_order_or_batches(
    seed: int, cuts: list[int], until: int
) -> None:
    random = np.random.default_rng(seed)
    rows = [
        flow(
            f"10.0.1.{random.integers(3)}",
            f"10.0.2.{random.integers(3)}",
            time_received_ns=int(random.integers(80)) * SECOND,
            bytes=int(random.integers(9)),
        )
        for _ in range(40)
    ]
    whole, pieces = EntityGraph(), EntityGraph()
    whole.observe(flows(*rows))
    shuffled = [rows[i] for i in random.permutation(len(rows))]
    edges = [0, *sorted(cuts), len(rows)]
    for start, stop in pairwise(edges):
        pieces.observe(flows(*shuffled[start:stop]))
    for step in range(0, until * 10 * SECOND, 7 * SECOND):
        before = pieces.all.edges
        pieces.gather(step)
        assert pieces.all.edges == before
        if random.integers(2):
            pieces.advance(step)
    for graph in (whole, pieces):
        graph.advance(until * 10 * SECOND)
    assert pieces.all.edges == whole.all.edges
