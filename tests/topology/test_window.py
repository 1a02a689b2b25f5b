"""What the running graph still knows: the uses of a window that ends at the watermark."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.model.address import pack_address
from sensorium.topology import Edge, EntityGraph
from tests.topology.batches import SECOND, flow, flows

SLOT = 10 * SECOND
WINDOW = 16 * SLOT
PANE = 2
"""Slots, an eighth of the window."""

visits = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40
)


def naive(seen: list[tuple[int, int, int]], end: int) -> list[Edge]:
    """The edges at the end of so many slots: (slot, server, bytes) each, whole panes of them."""
    known = [v for v in seen if v[0] < end and (v[0] // PANE + 1) * PANE > end - 16]
    rows: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for visit in known:
        rows[visit[1]].append(visit)
    return sorted(
        Edge(
            "10.0.1.1",
            f"10.0.2.{server}",
            80,
            6,
            len(of),
            sum(v[2] for v in of),
            len({v[0] for v in of}),
            min(v[0] for v in of) * SLOT,
        )
        for server, of in rows.items()
    )


def batch(seen: list[tuple[int, int, int]]):
    return flows(
        *(
            flow("10.0.1.1", f"10.0.2.{n}", time_received_ns=at * SLOT + 1, bytes=size)
            for at, n, size in seen
        )
    )


@given(visits, st.lists(st.integers(0, 130), max_size=4), st.integers(0, 130))
def test_the_graph_is_that_of_the_uses_in_the_window(seen, earlier, end) -> None:
    graph, kept = EntityGraph(window_ns=WINDOW), EntityGraph(window_ns=WINDOW)
    graph.observe(batch(seen))
    for slot in sorted(earlier):
        if slot < end:
            graph.advance(slot * SLOT)
            assert list(graph.all.edges) == naive(seen, slot)
    graph.gather(end * SLOT)
    kept.restore(graph.kept())
    for each in (graph, kept):
        each.advance(end * SLOT)
        assert list(each.all.edges) == naive(seen, end)


def test_a_use_that_was_a_habit_in_another_week_is_none_in_this() -> None:
    graph = EntityGraph(window_ns=WINDOW)
    graph.observe(batch([(0, 1, 5), (1, 1, 5), (2, 1, 5), (20, 1, 5)]))
    graph.advance(3 * SLOT)
    assert graph.established.neighbours("10.0.1.1") == ("10.0.2.1",)
    graph.advance(21 * SLOT)
    assert graph.established.edges == ()
    assert graph.all.neighbours("10.0.1.1") == ("10.0.2.1",)


def test_an_edge_given_up_for_room_does_not_come_back_when_another_pane_goes() -> None:
    graph = EntityGraph(max_edges=2, window_ns=WINDOW)
    graph.observe(batch([(0, 0, 1), (10, 1, 1), (11, 2, 1), (12, 3, 1)]))
    graph.advance(13 * SLOT)
    assert graph.evicted == 2
    graph.advance(18 * SLOT)
    assert graph.all.neighbours("10.0.1.1") == ("10.0.2.2", "10.0.2.3")
    assert sorted(graph.kept()["edges.state.server"][:, -1].tolist()) == [2, 3]


def test_an_exporter_that_has_been_silent_for_a_window_is_none() -> None:
    graph = EntityGraph(window_ns=WINDOW)
    for slot, by in ((0, "10.0.9.1"), (0, "10.0.9.2"), (15, "10.0.9.2")):
        told = flow(
            "10.0.1.1",
            "10.0.2.1",
            time_received_ns=slot * SLOT,
            sampler_address=pack_address(by),
        )
        graph.observe(flows(told))
    graph.advance(16 * SLOT)
    assert graph.exporters == {"10.0.9.1", "10.0.9.2"}
    graph.advance(20 * SLOT)
    assert graph.exporters == {"10.0.9.2"}
    assert graph.carried("10.0.9.1") == frozenset()
    graph.advance(60 * SLOT)
    assert graph.exporters == frozenset()


def test_memory_of_many_panes_holds_each_edge_once_a_pane() -> None:
    graph = EntityGraph(window_ns=WINDOW)
    for slot in range(100):
        graph.observe(batch([(slot, n, 1) for n in range(4)]))
        graph.advance((slot + 1) * SLOT)
    rows = len(graph.kept()["edges.state.flows"])
    assert rows <= 4 * 9
    assert np.sum(graph.kept()["edges.state.slots"]) == sum(e.slots for e in graph.all.edges)
