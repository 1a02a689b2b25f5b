from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch_geometric")

from sensorium.errors import UsageError
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.names import Names
from sensorium.links.serving.coverage import coverage, suggested_to_all
from sensorium.links.serving.explaining import Explainer
from sensorium.links.serving.recommending import Recommender, Sizes
from sensorium.links.serving.rules import Rule, Rules
from sensorium.links.serving.served import recommender_of
from tests.links.untrained import World, untrained, with_edges, world

WORLD = world()
NODES = WORLD.graph.nodes
MODEL = untrained(WORLD)
ALL = Sizes(NODES, NODES)
NO_RULES = Rules.none(NODES)

rows = st.integers(0, NODES - 1)
said = st.lists(
    st.tuples(rows, rows, st.sampled_from([r for r in Rule if r not in {"private", "hidden"}])),
    max_size=20,
)


def rules_of(said) -> Rules:
    return Rules.of(NODES, [a for a, _, _ in said], [b for _, b, _ in said], [r for *_, r in said])


def refused(said, row: int) -> set[int]:
    graph = WORLD.graph
    found = {row, *graph.indices[graph.indptr[row] : graph.indptr[row + 1]].tolist()}
    for a, b, rule in said:
        if rule in {Rule.BLOCKED, Rule.PENDING} and row in {a, b}:
            found |= {a, b}
        if rule == Rule.DISMISSED and row == a:
            found.add(b)
        if rule == Rule.OPTED_OUT:
            found.add(a)
    return found


def plain(recommender: Recommender, row: int, top: int = 5) -> list[object]:
    return list(recommender.recommend(f"person {row}", top))


@settings(max_examples=25)
@given(said, rows, st.lists(rows, max_size=4))
def test_nobody_is_suggested_who_may_not_be_and_everybody_else_can_be(said, row, exclude) -> None:
    recommender = recommender_of(MODEL, rules_of(said), ALL)
    names = [f"person {n}" for n in exclude]
    found = recommender.recommend(f"person {row}", NODES, [*names, "nobody"])
    suggested = {int(one.node.split()[1]) for one in found}
    assert suggested == set(range(NODES)) - refused(said, row) - set(exclude)
    assert len(found) == len(suggested)


def test_suggestions_come_with_falling_scores_of_the_model() -> None:
    found = recommender_of(MODEL, NO_RULES, ALL).recommend("person 3", 10)
    rows = WORLD.names.rows([one.node for one in found])
    expected = MODEL.score(np.stack([np.full(10, 3), rows], 1))
    np.testing.assert_allclose([one.score for one in found], expected, rtol=1e-5)
    assert (np.diff([one.score for one in found]) <= 0).all()
    assert [one.probability for one in found] == pytest.approx(MODEL.probability(expected))


@settings(max_examples=8)
@given(st.lists(st.tuples(rows, rows), min_size=1, max_size=3), rows)
def test_what_is_said_to_others_does_not_depend_on_a_private_tie(ties, row) -> None:
    ties = [tie for tie in ties if row not in tie]
    rules = Rules.of(NODES, [a for a, _ in ties], [b for _, b in ties], [Rule.PRIVATE] * len(ties))
    graph = WORLD.graph.without([a for a, _ in ties], [b for _, b in ties])
    answers = []
    for ties_there in ([], ties):
        one = World(with_edges(graph, ties_there), WORLD.names, WORLD.features)
        answers.append(plain(recommender_of(untrained(one), rules, ALL), row, NODES))
    assert answers[0] == answers[1]


def test_an_explanation_names_mutual_friends_and_shared_features_but_no_private_tie() -> None:
    graph = WORLD.graph
    recommender = recommender_of(MODEL, NO_RULES, ALL)
    one = next(one for one in recommender.recommend("person 0", 20) if one.reasons.mutual)
    other = WORLD.names.row(one.node)
    mutual = np.intersect1d(
        *(graph.indices[graph.indptr[n] : graph.indptr[n + 1]] for n in (0, other))
    )
    assert one.reasons.mutual == len(mutual)
    assert {WORLD.names.row(name) for name in one.reasons.friends} <= set(mutual.tolist())
    hidden = Rules.of(NODES, [other], [0], [Rule.HIDDEN])
    told = recommender_of(MODEL, hidden, ALL).explain("person 0", one.node)
    assert (told.mutual, told.friends) == (0, ())
    assert told.features == recommender.explain("person 0", one.node).features


def test_shared_features_are_those_both_have_the_rarest_first() -> None:
    reasons = recommender_of(MODEL, NO_RULES, ALL).explain("person 0", "person 6")
    assert WORLD.features is not None
    matrix = WORLD.features.matrix.toarray()
    shared = [n for n in range(matrix.shape[1]) if matrix[0, n] and matrix[6, n]]
    assert set(reasons.features) <= {f"feature {n}" for n in shared}
    held = [int(matrix[:, int(name.split()[1])].sum()) for name in reasons.features]
    assert held == sorted(held)


def test_without_anything_in_common_it_is_said_who_has_ties_with_both() -> None:
    edges = [("ann", "tea"), ("ann", "gin"), ("bob", "tea"), ("bob", "gin"), ("cid", "gin")]
    edges += [("bob", "rum"), ("cid", "rum"), ("dan", "rum"), ("dan", "ale")]
    names = Names(sorted({name for edge in edges for name in edge}))
    one, other = (names.rows([edge[end] for edge in edges]) for end in (0, 1))
    graph = Graph.from_edges(len(names), one, other)
    explainer = Explainer(graph, names, None)

    def said(node: str, to: str) -> str:
        return explainer.reasons(
            explainer.ties(names.row(node)), explainer.marks(names.row(node)), names.row(to)
        ).sentence

    assert said("ann", "rum") == "tied to bob and cid, with shared ties"
    assert said("ann", "ale") == "similar surroundings"
    assert said("ann", "bob") == "2 mutual friends: tea and gin"
    assert said("dan", "ale") == "similar surroundings"


def test_somebody_new_is_served_from_features_and_ties() -> None:
    recommender = recommender_of(MODEL, rules_of([(6, 0, Rule.OPTED_OUT)]), ALL)
    found = recommender.welcome(["person 0", "person 1"], ["feature 2"], 10, ["person 7"])
    assert len(found) == 10
    assert not {"person 0", "person 1", "person 6", "person 7"} & {one.node for one in found}
    assert any(one.reasons.mutual for one in found)
    assert all(one.probability is None for one in found)
    assert recommender.welcome([], ["feature 3"], 3)
    with pytest.raises(UsageError, match="nothing is known"):
        recommender.welcome([], [], 3)
    with pytest.raises(UsageError, match="no feature 'colour'"):
        recommender.welcome([], ["colour"], 3)


@pytest.mark.parametrize("decoder", ["structural", "mlp"])
def test_somebody_new_without_ties_is_told_as_a_node_without_ties_is(decoder) -> None:
    lonely = [(9, n) for n in range(NODES)]
    alone = World(WORLD.graph.without(*np.array(lonely).T), WORLD.names, WORLD.features)
    model = untrained(alone, decoder)
    model = replace(model, card=replace(model.card, split="new-nodes"))
    recommender = recommender_of(model, NO_RULES, ALL)
    assert model.features is not None
    marks = [f"feature {n}" for n in np.flatnonzero(model.features.matrix[9].toarray()[0])]
    found = recommender.welcome([], marks, NODES, ["person 9"])
    chances = [chance for _, chance in recommender.score([("person 9", one.node) for one in found])]
    np.testing.assert_allclose([one.probability for one in found], chances, rtol=1e-4, atol=1e-5)
    assert chances == sorted(chances, reverse=True)
    assert len(found) == NODES - 1
    # With a tie, and in a model that was calibrated on other pairs, nothing can be said.
    assert recommender.welcome(["person 1"], marks, 1)[0].probability is None
    other = recommender_of(untrained(alone, decoder), NO_RULES, ALL)
    assert other.welcome([], marks, 1)[0].probability is None


def test_a_node_without_ties_gets_suggestions_too() -> None:
    alone = World(
        WORLD.graph.without(*np.array([(9, n) for n in range(NODES)]).T), WORLD.names, None
    )
    found = recommender_of(untrained(alone, "mlp"), NO_RULES, ALL).recommend("person 9", 5)
    assert len(found) == 5


def test_coverage_tells_apart_how_many_ties_the_suggested_have() -> None:
    suggested = [np.array(rows, np.int64) for rows in ([4, 1], [4], [])]
    report = coverage(np.array([0, 1, 3, 4, 40]), suggested)
    assert (report.nodes, report.suggestions, report.unserved) == (5, 3, 1)
    assert report.covered == 0.4
    shown = {group.ties: (group.nodes, group.covered, group.share) for group in report.groups}
    assert shown == {
        "0": (1, 0.0, 0.0),
        "1": (1, 1.0, pytest.approx(1 / 3)),
        "2 to 4": (2, 0.0, 0.0),
        "20 to 49": (1, 1.0, pytest.approx(2 / 3)),
    }


def test_everybody_can_be_served_at_once() -> None:
    recommender = recommender_of(MODEL, NO_RULES, Sizes(20, 10))
    lists, report = suggested_to_all(recommender, 3)
    assert len(lists) == NODES
    assert report.suggestions == sum(len(rows) for rows, _ in lists) <= 3 * NODES
    assert lists[5][0].tolist() == [
        WORLD.names.row(one.node) for one in recommender.recommend("person 5", 3)
    ]
