from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links.graph.compressed import Graph
from sensorium.links.serving.candidates import CandidateSource
from sensorium.links.serving.index import EmbeddingIndex
from sensorium.links.serving.rules import Rule, Rules

NODES = 14
rows = st.integers(0, NODES - 1)
edges = st.lists(st.tuples(rows, rows), max_size=40)
said = st.lists(st.tuples(rows, rows, st.sampled_from(list(Rule))), max_size=15)
VECTORS = np.random.default_rng(4).normal(size=(NODES, 3)).astype(np.float32)
NOBODY = np.empty(0, np.int64)


def graph_of(edges) -> Graph:
    table = np.array(edges, np.int64).reshape(-1, 2)
    return Graph.from_edges(NODES, table[:, 0], table[:, 1])


def rules_of(said) -> Rules:
    return Rules.of(NODES, [a for a, _, _ in said], [b for _, b, _ in said], [r for *_, r in said])


def source_of(graph: Graph, rules: Rules) -> CandidateSource:
    return CandidateSource(graph, rules.public(graph), EmbeddingIndex(VECTORS), rules)


def barred_plainly(edges, said, row: int) -> set[int]:
    barred = {row}
    barred |= {b for a, b in edges if a == row} | {a for a, b in edges if b == row}
    for a, b, rule in said:
        if rule in {Rule.BLOCKED, Rule.PENDING} and row in {a, b}:
            barred |= {a, b}
        elif rule == Rule.DISMISSED and row == a:
            barred.add(b)
        elif rule == Rule.OPTED_OUT:
            barred.add(a)
    return barred


@given(edges, said, rows, st.lists(rows, max_size=3), st.integers(0, NODES), st.integers(0, NODES))
def test_nobody_is_a_candidate_who_may_not_be_suggested(
    edges, said, row, exclude, friends, nearest
) -> None:
    source = source_of(graph_of(edges), rules_of(said))
    for _ in range(2):  # what a call marks it has to take away again
        found = source.of(
            row, VECTORS[row], np.array(exclude, np.int64), friends=friends, nearest=nearest
        )
        assert not set(found.tolist()) & (barred_plainly(edges, said, row) | set(exclude))
        assert len(set(found.tolist())) == len(found)


@given(edges, said, rows)
def test_everybody_else_is_a_candidate_where_enough_are_asked_for(edges, said, row) -> None:
    source = source_of(graph_of(edges), rules_of(said))
    found = source.of(row, VECTORS[row], NOBODY, friends=0, nearest=NODES)
    assert set(found.tolist()) == set(range(NODES)) - barred_plainly(edges, said, row)


@given(edges, said, rows, st.integers(1, 5))
def test_friends_of_friends_are_those_with_the_most_resource_allocation(
    edges, said, row, wanted
) -> None:
    rules = rules_of(said)
    public = rules.public(graph_of(edges))
    ties = [set(public.indices[public.indptr[n] : public.indptr[n + 1]]) for n in range(NODES)]
    weight = {
        n: sum((1 / len(ties[c]) for c in sorted(ties[row] & ties[n])), 0.0) for n in range(NODES)
    }
    barred = barred_plainly(edges, said, row)
    reached = [n for n in range(NODES) if n not in barred and weight[n] > 0]
    found = source_of(graph_of(edges), rules).of(
        row, VECTORS[row], NOBODY, friends=wanted, nearest=0
    )
    assert len(found) == min(wanted, len(reached))
    assert set(found.tolist()) <= set(reached)
    left = [weight[n] for n in reached if n not in found]
    assert not left or min(weight[n] for n in found) >= max(left) - 1e-5


@given(edges, said, rows, rows, rows)
def test_a_private_tie_of_others_changes_nothing(edges, said, row, one, other) -> None:
    if row in {one, other} or one == other:
        return
    edges = [edge for edge in edges if set(edge) != {one, other}]
    said = [*said, (one, other, Rule.PRIVATE)]
    without = source_of(graph_of(edges), rules_of(said))
    with_it = source_of(graph_of([*edges, (one, other)]), rules_of(said))
    answers = [
        source.of(row, VECTORS[row], NOBODY, friends=NODES, nearest=3).tolist()
        for source in (without, with_it)
    ]
    assert answers[0] == answers[1]


def test_where_friends_have_too_many_friends_the_busiest_are_passed_over(monkeypatch) -> None:
    monkeypatch.setattr("sensorium.links.serving.candidates.ARCS_WALKED", 8)
    hub = [(1, n) for n in range(3, 13)]
    graph = graph_of([(0, 1), (0, 2), (2, 13), *hub])
    source = source_of(graph, Rules.none(NODES))
    assert source.of(0, VECTORS[0], NOBODY, friends=NODES, nearest=0).tolist() == [13]


def test_a_newcomer_is_not_suggested_those_it_knows() -> None:
    graph = graph_of([(0, 1), (1, 2), (1, 3)])
    source = source_of(graph, Rules.of(NODES, [3], [0], ["opted_out"]))
    ties = np.array([1])
    assert source.of_newcomer(ties, VECTORS[0], NOBODY, friends=5, nearest=0).tolist() == [0, 2]
    everybody = source.of_newcomer(ties, VECTORS[0], np.array([7]), friends=0, nearest=NODES)
    assert set(everybody.tolist()) == set(range(NODES)) - {1, 3, 7}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(7, NODES - 1)), max_size=40), said, rows)
def test_where_no_tie_is_closed_three_steps_come_before_two(edges, said, row) -> None:
    rules = rules_of(said)
    graph = graph_of(edges)
    public = rules.public(graph)
    ties = [set(public.indices[public.indptr[n] : public.indptr[n + 1]]) for n in range(NODES)]
    barred = barred_plainly(edges, said, row)
    two: dict[int, float] = {}
    three: dict[int, float] = {}
    for a in ties[row]:
        for b in ties[a]:
            two[b] = two.get(b, 0.0) + 1 / len(ties[a])
    for b, amount in two.items():
        for c in ties[b]:
            three[c] = three.get(c, 0.0) + amount / len(ties[b])
    far = {n for n in three if n not in barred}
    near = {n for n in two if n not in barred} - far
    source = source_of(graph, rules)
    for wanted in (2, NODES):
        found = source.of(row, VECTORS[row], NOBODY, friends=wanted, nearest=0).tolist()
        assert len(set(found)) == len(found) == min(wanted, len(far | near))
        first = set(found) & far
        assert len(first) == min(wanted, len(far))
        assert set(found) - first <= near
        left = [three[n] for n in far - first]
        assert not left or min(three[n] for n in first) >= max(left) - 1e-6


def test_a_user_of_items_is_suggested_items() -> None:
    users, items = np.divmod(np.arange(36), 6)
    kept = users != items  # every user lacks one of six items
    graph = Graph.from_edges(12, users[kept], 6 + items[kept])
    vectors = np.zeros((12, 3), np.float32)
    source = CandidateSource(graph, graph, EmbeddingIndex(vectors), Rules.none(12))
    for user in range(6):
        found = source.of(user, vectors[user], NOBODY, friends=1, nearest=0)
        assert found.tolist() == [6 + user]
