"""What every encoder and every decoder must do: the conformance suite of both kinds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [graph] is not installed")

from torch_geometric.nn import RGATConv  # noqa: E402

from sensorium.errors import UsageError  # noqa: E402
from sensorium.links import Graph  # noqa: E402
from sensorium.links.decoders.registry import DECODERS, decoder  # noqa: E402
from sensorium.links.encoders.arcs import Arcs  # noqa: E402
from sensorium.links.encoders.encoder import Shape  # noqa: E402
from sensorium.links.encoders.registry import ENCODERS, encoder  # noqa: E402
from sensorium.links.learning.folds import neighbourhood  # noqa: E402
from sensorium.links.neighbourhoods.sampling import NeighbourSampler  # noqa: E402

WIDTH = 8
# A path of five, a triangle on its end, and a node without neighbours.
EDGES = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (4, 6)]).T
NODES = 8


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=[*ENCODERS, "sage max", "sage sum", "sage lstm"])
def member(request):
    name, _, aggregation = request.param.partition(" ")
    shape = Shape(WIDTH, layers=2, heads=2, kinds=2, aggregation=aggregation or "mean")
    return encoder(name, shape).eval()


def _graph(renamed=None) -> Graph:
    source, target = EDGES if renamed is None else renamed[EDGES]
    return Graph.from_edges(NODES, source, target, kinds=np.arange(EDGES.shape[1]) % 2)


def _inputs() -> torch.Tensor:
    return torch.randn(NODES, WIDTH, generator=torch.Generator().manual_seed(1))


def test_it_gives_a_vector_for_each_node_and_the_same_each_time(member):
    x, arcs = _inputs(), Arcs.of(_graph())
    out = member(x, arcs)
    assert out.shape == (NODES, WIDTH)
    assert torch.isfinite(out).all()
    assert torch.equal(out, member(x, arcs))


def test_of_a_sampled_neighbourhood_it_gives_what_was_asked_about_and_the_same(member):
    rng = np.random.default_rng(4)
    graph = Graph.from_edges(60, *rng.integers(0, 60, (2, 240)), kinds=rng.integers(0, 2, 240))
    nodes, arcs, seeds = neighbourhood(graph, NeighbourSampler(graph, (3, 2)), np.arange(6), 1)
    x = torch.randn(len(nodes), WIDTH, generator=torch.Generator().manual_seed(1))
    every = member(x, Arcs(arcs.indptr, arcs.indices, arcs.kinds))
    near = member(x, arcs)
    assert len(near) == (len(seeds) if member.narrows else len(nodes))
    torch.testing.assert_close(near[seeds], every[seeds])


def test_how_nodes_are_numbered_makes_no_difference(member):
    if member.shape.aggregation == "lstm":
        pytest.skip("an LSTM reads neighbours in an order: that of their numbers")
    x = _inputs()
    renamed = np.random.default_rng(2).permutation(NODES)
    moved = torch.empty_like(x)
    moved[renamed] = x
    expected = member(x, Arcs.of(_graph()))
    torch.testing.assert_close(member(moved, Arcs.of(_graph(renamed)))[renamed], expected)


def test_a_node_hears_only_what_is_within_as_many_steps_as_layers(member):
    x, arcs = _inputs(), Arcs.of(_graph())
    before = member(x, arcs)
    changed = x.clone()
    changed[0] += 1
    moved = (member(changed, arcs) - before).abs().amax(1) > 1e-6
    assert moved[[0, 1, 2]].all()
    assert not moved[3:].any()


@pytest.mark.parametrize("kinds", [1, 3, 9])
def test_relations_by_bases_are_pygs_to_the_gradients(kinds):
    convolution = encoder("rgat", Shape(WIDTH, layers=1, heads=2, kinds=kinds)).convs[0]
    drawn = torch.Generator().manual_seed(4)
    index = torch.randint(0, NODES, (2, 40), generator=drawn)
    kind = torch.randint(0, kinds, (40,), generator=drawn)
    got = []
    for forward in (type(convolution).forward, RGATConv.forward):
        x = _inputs().requires_grad_()
        convolution.zero_grad()
        out = forward(convolution, x, index, kind)
        out.square().sum().backward()
        got.append([out.detach(), x.grad, convolution.basis.grad.clone(), convolution.q.grad])
    for ours, theirs in zip(*got, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gradients_reach_every_parameter(member):
    member.train()
    member(_inputs(), Arcs.of(_graph())).square().sum().backward()
    without = [
        name
        for name, value in member.named_parameters()
        if value.requires_grad and value.grad is None
    ]
    assert without == []


def test_it_works_on_graphs_that_it_was_not_made_for(member):
    alone = Graph.from_edges(3, [], [], kinds=[])
    assert member(torch.ones(3, WIDTH), Arcs.of(alone)).shape == (3, WIDTH)


def test_an_encoder_of_means_is_what_its_formula_says():
    member = encoder("sage", Shape(WIDTH, layers=1, heads=2)).eval()
    x, graph = _inputs(), _graph()
    conv, norm = member.convs[0], member.norms[0]
    for node in range(NODES):
        near = graph.indices[graph.indptr[node] : graph.indptr[node + 1]].astype(int)
        mean = x[near].mean(0) if len(near) else torch.zeros(WIDTH)
        expected = x[node] + norm(conv.lin_l(mean) + conv.lin_r(x[node]))
        torch.testing.assert_close(member(x, Arcs.of(graph))[node], expected)


def test_vectors_are_of_length_one_where_asked_for():
    member = encoder("sage", replace(Shape(WIDTH, heads=2), normalise=True)).eval()
    lengths = member(_inputs(), Arcs.of(_graph())).norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(NODES))


def test_typed_arcs_are_told_apart():
    member = encoder("rgat", Shape(WIDTH, layers=1, heads=2, kinds=2)).eval()
    graph = _graph()
    turned = Graph(graph.indptr, graph.indices, directed=False, kinds=1 - graph.kinds)
    x = _inputs()
    assert not torch.allclose(member(x, Arcs.of(graph)), member(x, Arcs.of(turned)))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("sag", Shape()), ("sage", Shape(aggregation="median")), ("gat", Shape(width=10, heads=4))],
)
def test_what_cannot_be_made_is_refused(name, shape):
    with pytest.raises(UsageError):
        encoder(name, shape)


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_tells_pairs_the_same_from_both_ends(name):
    counts = 3
    member = decoder(name, WIDTH, counts, 0.5).eval()
    one, other = torch.randn(2, 5, WIDTH)
    told = torch.randn(5, counts)
    logits = member(one, other, told)
    assert logits.shape == (5,)
    torch.testing.assert_close(member(other, one, told), logits)
    assert member.counts == (not torch.allclose(member(one, other, told + 1), logits))


def test_a_decoder_of_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match="no decoder"):
        decoder("product", WIDTH, 0, 0.0)
