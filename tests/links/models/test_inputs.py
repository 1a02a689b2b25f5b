"""What an encoder hears of a node at first."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")

from sensorium.links.graph.features import Features  # noqa: E402
from sensorium.links.learning.settings import Settings  # noqa: E402
from sensorium.links.models.inputs import Bag  # noqa: E402
from sensorium.links.models.neural import Network  # noqa: E402


@pytest.mark.parametrize("decoder", ["dot", "mlp"])
def test_features_do_not_drown_in_the_degree_where_vectors_are_alone(decoder: str) -> None:
    marks = np.random.default_rng(0).random((100, 1_500)) < 0.01
    bag = Bag(Features.of(marks.astype(np.float32)))
    rows, degree = torch.arange(100), torch.from_numpy(np.arange(100, dtype=np.float32) % 20)
    for seed in range(3):
        torch.manual_seed(seed)
        network = Network(Settings(decoder=decoder), columns=1_500, nodes=100, kinds=1, counts=0)
        with torch.no_grad():
            of_degree = network.inputs(rows, degree, None)
            of_features = network.inputs(rows, degree, bag) - of_degree
        assert of_features.std(0).mean() > 2 * of_degree.std(0).mean()


def test_a_dot_product_never_takes_the_unlike_for_friends() -> None:
    network = Network(Settings(decoder="dot"), columns=0, nodes=5, kinds=1, counts=0)
    one = torch.ones(1, 128)
    optimiser = torch.optim.SGD(network.decoder.parameters(), 5.0)
    for _ in range(50):  # what the scale is told by vectors that are all alike
        optimiser.zero_grad()
        network.decoder(one, one, torch.empty(1, 0)).sum().backward()
        optimiser.step()
    with torch.no_grad():
        near, far = (network.decoder(one, of, torch.empty(1, 0)) for of in (one, -one))
    assert near >= far
