"""Training on small generated graphs, and each way in which it could cheat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [graph] is not installed")

from sensorium.errors import SensoriumError, UsageError  # noqa: E402
from sensorium.links import Graph  # noqa: E402
from sensorium.links.learning import training  # noqa: E402
from sensorium.links.learning.evaluation import area  # noqa: E402
from sensorium.links.learning.fitting import evaluated, fit, scorer_on  # noqa: E402
from sensorium.links.learning.folds import batches, folded  # noqa: E402
from sensorium.links.learning.settings import Settings  # noqa: E402
from sensorium.links.learning.split import split_edges, split_nodes  # noqa: E402
from sensorium.links.learning.training import Training  # noqa: E402
from tests.links.communities import communities  # noqa: E402

SMALL = Settings(
    width=16, heads=2, dropout=0.1, input_dropout=0.1, epochs=3, folds=3, test=0.2, valid=0.1
)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _weights(training: Training) -> dict[str, torch.Tensor]:
    return {name: of.clone() for name, of in training.network.state_dict().items()}


@pytest.mark.parametrize("large", [{}, {"whole": 0, "sampled": 64}, {"steps": 4}])
def test_it_tells_links_from_pairs_that_are_not_linked(large):
    graph, _, features = communities()
    split = split_edges(graph, 0.1, 0.2, 0)
    settings = replace(SMALL, epochs=8, batch=64, **large)
    trained = Training(split, features, settings).run()
    score = trained.scorer.score
    assert area(score(*split.test), score(*split.test_negatives)) > 0.85
    assert trained.curves[-1].loss < trained.curves[0].loss


@pytest.mark.parametrize(("steps", "folds"), [(1000, 10), (8, 5), (2, 1)])
def test_of_a_large_graph_an_epoch_is_so_many_steps_in_as_few_folds(steps, folds):
    graph, _, features = communities()
    split = split_edges(graph, 0.1, 0.2, 0)
    edges = split.message.edges
    settings = replace(SMALL, folds=10, cold=1, batch=-(-edges // 16), steps=steps)
    learner = Training(split, features, settings)
    assert len(learner.folds) == folds + 1
    for fold in learner.folds[:-1]:
        assert len(fold.edges[0]) == pytest.approx(edges / 10, abs=1)
    assert len(learner.folds[-1].cold) == pytest.approx(graph.nodes / 10, abs=1)
    taken = [learner._batches(fold, np.random.default_rng(0)) for fold in learner.folds]
    if steps < 1000:
        assert sum(map(len, taken)) <= steps + 1
    else:
        assert sum(batch.edges for part in taken[:-1] for batch in part) == edges


def test_of_epochs_that_validation_cannot_tell_apart_the_last_is_kept(monkeypatch):
    graph, _, features = communities()
    monkeypatch.setattr(training, "_SURE", 1)
    learner = Training(split_edges(graph, 0.1, 0.2, 0), features, SMALL)
    judged = iter([0.5, 1.0, 1.0])
    monkeypatch.setattr(learner, "_judged", lambda: next(judged))
    trained = learner.run()
    assert trained.best == 2
    kept = trained.network.state_dict()
    assert all(torch.equal(kept[name], of) for name, of in learner.average.items())


def test_an_edge_is_predicted_from_a_graph_without_it_in_either_direction():
    graph, _, features = communities()
    split = split_edges(graph, 0.1, 0.2, 0)
    folds = folded(split.message, features, 3, 0, 0, counts=True)
    predicted = np.concatenate([np.stack(fold.edges) for fold in folds], 1)
    assert predicted.shape[1] == split.message.edges
    assert split.message.has(*predicted).all()
    for fold in folds:
        one, other = fold.edges
        assert not fold.graph.has(one, other).any()
        assert not fold.graph.has(other, one).any()
        assert fold.view.graph is fold.graph
        index = fold.arcs.index.numpy()
        over = set(map(tuple, index.T.tolist()))
        assert not over & {*zip(one, other, strict=True), *zip(other, one, strict=True)}


def test_what_is_told_of_held_out_edges_does_not_depend_on_them():
    graph, _, features = communities()
    split = split_edges(graph, 0.1, 0.2, 0)
    alone = replace_known(split)
    told = [Training(one, features, SMALL).scorer.view.pairs(*split.test) for one in (split, alone)]
    np.testing.assert_array_equal(*told)


@pytest.mark.parametrize("training_only", [False, True])
def test_scores_of_test_edges_are_those_of_a_graph_that_never_had_them(training_only):
    graph, _, features = communities()
    split = split_edges(graph, 0.1, 0.2, 0)
    network = Training(split, features, replace(SMALL, epochs=1)).run().network
    asked = split.training_only() if training_only else split
    told = [split.message.pairs()] if training_only else [split.message.pairs(), split.valid]
    without = Graph.from_edges(graph.nodes, *np.concatenate([np.stack(one) for one in told], 1))
    scores = [
        scorer_on(one, network, features, 0).score(*split.test) for one in (asked.seen, without)
    ]
    np.testing.assert_array_equal(*scores)


def replace_known(split):
    """The same split as if held-out edges were nowhere known to be edges."""
    return replace(split, known=split.message)


def test_negatives_of_training_are_edges_of_no_part_and_new_each_epoch():
    graph, _, _ = communities()
    split = split_edges(graph, 0.1, 0.2, 0)
    fold = folded(split.message, None, 2, 0, 0, counts=False)[0]
    drawn = []
    for epoch in range(2):
        rng = np.random.default_rng(epoch)
        for batch in batches(fold, split.known, 64, 4, 0.5, rng):
            u, v = batch.source[batch.edges :], batch.target[batch.edges :]
            assert len(u) == 4 * batch.edges
            assert not graph.has(u, v).any()
            drawn.append((epoch, set(zip(u, v, strict=True))))
    first = set.union(*(pairs for epoch, pairs in drawn if epoch == 0))
    second = set.union(*(pairs for epoch, pairs in drawn if epoch == 1))
    assert len(first & second) < 0.5 * len(first)


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    graph, _, features = communities(60)
    runs = []
    for seed in (0, 0, 1):
        settings = replace(SMALL, seed=seed, epochs=2)
        training = Training(split_edges(graph, 0.1, 0.2, 0), features, settings)
        training.run()
        runs.append(_weights(training))
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])
    assert not all(torch.equal(runs[0][name], runs[2][name]) for name in runs[0])


def test_a_training_that_was_interrupted_ends_as_it_would_have(tmp_path):
    graph, _, features = communities(60)
    split = split_edges(graph, 0.1, 0.2, 0)
    whole = Training(split, features, SMALL)
    done = whole.run()

    class StopHereError(Exception):
        pass

    def stop(epoch: int, loss: float, mrr: float) -> None:
        if epoch == 1:
            raise StopHereError

    with pytest.raises(StopHereError):
        Training(split, features, SMALL).run(stop, tmp_path)
    seen = []
    again = Training(split, features, SMALL)
    resumed = again.run(lambda epoch, *_: seen.append(epoch), tmp_path)
    assert seen == [2]
    assert resumed.curves == done.curves
    assert resumed.best == done.best
    expected = _weights(whole)
    assert all(torch.equal(of, expected[name]) for name, of in _weights(again).items())


def test_a_training_of_other_data_is_not_gone_on_with(tmp_path):
    graph, _, features = communities(60)
    split = split_edges(graph, 0.1, 0.2, 0)
    Training(split, features, replace(SMALL, epochs=1)).run(folder=tmp_path)
    with pytest.raises(SensoriumError, match="other data or with other settings"):
        Training(split, features, replace(SMALL, epochs=2)).run(folder=tmp_path)


def test_it_stops_when_validation_gets_no_better(monkeypatch):
    graph, _, features = communities(60)
    settings = replace(SMALL, epochs=30, patience=2, rate=0.0, averaging=0.0)
    monkeypatch.setattr(training, "_SURE", 1)
    trained = Training(split_edges(graph, 0.1, 0.2, 0), features, settings).run()
    assert len(trained.curves) == 3
    assert trained.best == 2  # none was worse


def test_where_few_edges_validate_no_early_epoch_is_taken_by_chance(monkeypatch):
    graph, _, features = communities(60)
    settings = replace(SMALL, epochs=30, patience=2, rate=0.0)
    learner = Training(split_edges(graph, 0.1, 0.2, 0), features, settings)
    assert len(learner.split.valid[0]) < training._SURE
    judged = iter([1.0] * 9 + [0.2, 0.3, 0.25, 0.1, 0.1])
    monkeypatch.setattr(learner, "_judged", lambda: next(judged))
    trained = learner.run()
    assert (trained.best, len(trained.curves)) == (10, 13)


def test_who_is_judged_by_new_nodes_learns_from_more_cold_folds():
    graph, _, features = communities(60)
    settings = replace(SMALL, folds=6, cold=1)
    kinds = [
        [fold.cold is not None for fold in Training(split, features, settings).folds]
        for split in (split_edges(graph, 0.1, 0.2, 0), split_nodes(graph, 0.2, 0))
    ]
    assert [(len(one), sum(one)) for one in kinds] == [(7, 1), (9, 3)]


def test_a_cold_fold_leaves_its_nodes_without_any_edge():
    graph, _, features = communities()
    fold = folded(graph, features, 5, 1, 0, counts=False)[-1]
    assert not fold.graph.degree()[fold.cold].any()
    cold = set(fold.cold.tolist())
    assert all((u in cold) != (v in cold) for u, v in zip(*fold.edges, strict=True))
    (batch,) = batches(fold, graph, 10_000, 2, 0.0, np.random.default_rng(0))
    negative = list(zip(batch.source[batch.edges :], batch.target[batch.edges :], strict=True))
    assert all((u in cold) != (v in cold) for u, v in negative)
    assert not graph.has(*np.array(negative).T).any()


def test_new_nodes_are_judged_by_what_is_known_of_them_alone_and_their_chances_are_calibrated():
    graph, names, features = communities()
    settings = replace(SMALL, epochs=15, batch=64)
    model = fit(graph, names, features, settings, split="new-nodes")
    assert model.card.settings.cold == max(settings.cold, settings.folds // 2)
    # Marks tell the community of seven in ten, and as many marks are noise.
    assert model.card.scores["test"]["auc"] > 0.58
    split = split_nodes(graph, settings.test, settings.seed)
    score = scorer_on(split.seen, model.scorer.network, features, settings.seed).score
    chances = model.probability(np.concatenate([score(*split.test), score(*split.test_negatives)]))
    right = np.arange(len(chances)) < len(split.test[0])
    order = np.argsort(chances)
    # Links and other pairs are equally many, and in each third of them as many as was said.
    for part in np.array_split(order, 3):
        assert abs(chances[part].mean() - right[part].mean()) < 0.12
    assert chances[right].mean() > chances[~right].mean()


@pytest.mark.parametrize("identity", ["learned", "random"])
@pytest.mark.parametrize("decoder", ["dot", "mlp"])
def test_a_graph_without_features_can_be_learned(identity, decoder):
    graph, names, _ = communities(60)
    settings = replace(SMALL, identity=identity, decoder=decoder, epochs=1)
    model = fit(graph, names, None, settings)
    assert model.embeddings.shape == (60, 16)
    assert np.isfinite(model.score([[0, 6], [1, 2]])).all()


def test_a_models_figures_can_be_measured_again():
    graph, names, features = communities(60)
    model = fit(graph, names, features, SMALL)
    assert set(model.card.scores) == {"test", "hard", "suggestions"}
    assert evaluated(model) == model.card.scores
    alone = evaluated(model, training_only=True)
    assert alone["test"] != model.card.scores["test"]
    split = split_edges(graph, SMALL.valid, SMALL.test, SMALL.seed)
    score = scorer_on(split.message, model.scorer.network, features, SMALL.seed).score
    expected = area(score(*split.test), score(*split.test_negatives))
    assert alone["test"]["auc"] == pytest.approx(expected)


def test_a_model_whose_graph_has_changed_is_not_measured_on_edges_it_may_have_seen():
    graph, names, features = communities(60)
    model = fit(graph, names, features, replace(SMALL, epochs=1))
    grown = replace(model, graph=graph.without(*(end[:1] for end in graph.pairs())))
    with pytest.raises(UsageError, match="refreshed with other edges"):
        evaluated(grown)


def test_a_calibrated_probability_is_near_how_often_it_is_right():
    graph, names, features = communities()
    model = fit(graph, names, features, replace(SMALL, epochs=6, batch=64))
    split = split_edges(graph, 0.1, 0.2, 0)
    negatives = np.stack(split.test_negatives, 1)
    links = model.probability(model.score(np.stack(split.test, 1)))
    others = model.probability(model.score(negatives))
    assert 0 <= others.min() <= links.max() <= 1
    assert links.mean() > 0.6
    assert others.mean() < 0.4


def test_what_cannot_be_learned_is_refused():
    _, names, _ = communities(60)
    with pytest.raises(UsageError, match="too few to learn from"):
        fit(Graph.from_edges(60, [0, 1], [2, 3]), names, None, SMALL)
    graph, names, _ = communities(60)
    with pytest.raises(UsageError, match="none for new nodes"):
        fit(graph, names, None, replace(SMALL, identity="learned"), split="new-nodes")
