"""Peers are the same whether few conversations are looked at one by one or all in columns."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.flows import contributors
from sensorium.detect.flows.contributors import peers
from sensorium.detect.testing import Talks
from tests.detect.flows.test_shapes import MANY, WHO, window


@pytest.mark.parametrize("seed", range(8))
def test_few_conversations_have_the_peers_that_many_would_have(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    at, ports = rng.uniform(0, 25, n), rng.choice([53, 80, 443], n)
    others = rng.choice(MANY[:8], n)
    asking = [Talks.to(at[i : i + 1], WHO, others[i], int(ports[i])) for i in range(n // 2)]
    asked = [Talks.to(at[i : i + 1], others[i], WHO, int(ports[i])) for i in range(n // 2, n)]
    flows = window(*asking, *asked)
    me = [flows.addresses.text(i) for i in range(len(flows.addresses.keys))].index(WHO)
    rows = np.arange(len(flows.conversations))
    as_client = flows.conversations.client == me
    # Equal weights and none at all: both ways have to choose alike.
    weight = rng.integers(0, 3, len(rows))
    one_by_one = peers(flows, rows, weight, as_client)
    monkeypatch.setattr(contributors, "_FEW", 0)
    assert one_by_one == peers(flows, rows, weight, as_client)
    assert len(one_by_one) == 5
