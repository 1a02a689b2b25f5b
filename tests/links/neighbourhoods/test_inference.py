from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")

from torch_geometric.nn import GCNConv, SAGEConv  # noqa: E402

from sensorium.links.encoders.arcs import Arcs  # noqa: E402
from sensorium.links.encoders.encoder import Shape  # noqa: E402
from sensorium.links.encoders.registry import encoder  # noqa: E402
from sensorium.links.graph.compressed import Graph  # noqa: E402
from sensorium.links.graph.near import within  # noqa: E402
from sensorium.links.neighbourhoods import inference  # noqa: E402
from sensorium.links.neighbourhoods.inference import embed  # noqa: E402

NODES = 300
RANDOM = np.random.default_rng(1)
SOURCE = (NODES * RANDOM.random(900) ** 2).astype(np.int64)
GRAPH = Graph.from_edges(
    NODES + 1, SOURCE, RANDOM.integers(0, NODES, 900), kinds=RANDOM.integers(0, 3, 900)
)
X = torch.from_numpy(RANDOM.normal(size=(NODES + 1, 16)).astype(np.float32))
KINDS = [
    ("sage", "mean"),
    ("sage", "max"),
    ("sage", "sum"),
    ("sage", "lstm"),
    ("gcn", "mean"),
    ("gat", "mean"),
    ("gatv2", "mean"),
    ("rgat", "mean"),
]


def made(name: str, aggregation: str):
    torch.manual_seed(3)
    shape = Shape(width=16, layers=2, heads=2, kinds=3, aggregation=aggregation)
    return encoder(name, shape)


def inputs(rows: np.ndarray):
    return X[torch.from_numpy(rows)]


def whole(model) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        return model(X, Arcs.of(GRAPH)).numpy()


@pytest.mark.parametrize(("name", "aggregation"), KINDS)
def test_all_vectors_are_those_of_one_pass_over_the_whole_graph(
    name, aggregation, monkeypatch
) -> None:
    monkeypatch.setattr(inference, "AT_ONCE", 64)
    model = made(name, aggregation)
    np.testing.assert_allclose(embed(model, inputs, GRAPH), whole(model), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "aggregation"), KINDS)
def test_the_vectors_of_some_nodes_are_those_they_have_among_all(name, aggregation) -> None:
    model = made(name, aggregation)
    rows = np.array([5, 299, 0, 300])
    some = embed(model, inputs, GRAPH, rows)
    np.testing.assert_allclose(some, whole(model)[rows], rtol=1e-3, atol=1e-4)


def test_a_layer_is_what_pyg_makes_of_single_messages() -> None:
    model = made("sage", "mean")
    convs = [SAGEConv(16, 16, aggr="mean") for _ in range(2)]
    for conv, ours in zip(convs, model.convs, strict=True):
        conv.load_state_dict(ours.state_dict())
    index = Arcs.of(GRAPH).index
    x = X
    model.eval()
    with torch.no_grad():
        for n, conv in enumerate(convs):
            x = model.step(n, x, conv(x, index), model.norms[n])
    np.testing.assert_allclose(embed(model, inputs, GRAPH), x.numpy(), rtol=1e-5, atol=1e-5)


def test_graph_convolution_is_what_pyg_makes_of_single_messages() -> None:
    model = made("gcn", "mean")
    convs = [GCNConv(16, 16) for _ in range(2)]
    index = Arcs.of(GRAPH).index
    x = X
    model.eval()
    with torch.no_grad():
        for n, (conv, ours) in enumerate(zip(convs, model.convs, strict=True)):
            conv.load_state_dict(ours.state_dict())
            x = model.step(n, x, conv(x, index), model.norms[n])
    np.testing.assert_allclose(embed(model, inputs, GRAPH), x.numpy(), rtol=1e-3, atol=1e-4)


def test_only_rows_that_are_wanted_are_asked_for_their_inputs() -> None:
    asked: list[int] = []

    def counted(rows: np.ndarray):
        asked.extend(rows.tolist())
        return inputs(rows)

    embed(made("sage", "mean"), counted, GRAPH, np.array([NODES]))
    assert asked == [NODES]
    asked.clear()
    embed(made("sage", "mean"), counted, GRAPH, np.array([7]))
    assert asked == within(GRAPH, np.array([7]), 2).tolist()
    assert len(asked) < NODES


def test_training_goes_on_where_it_was() -> None:
    model = made("sage", "mean").train()
    embed(model, inputs, GRAPH)
    assert model.training
