from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from sensorium.links.graph.features import Features

WHOLE = Features.of(sp.random(30, 8, 0.4, "csr", random_state=1))


def test_the_features_of_some_nodes_weigh_what_they_weigh_among_all() -> None:
    rows = np.array([4, 4, 29, 0])
    some = WHOLE.rows(rows)
    np.testing.assert_array_equal(some.normal.toarray(), WHOLE.normal[rows].toarray())


def test_somebody_new_is_described_as_those_who_were_there() -> None:
    others = WHOLE.of_others(WHOLE.matrix[[7, 8]])
    np.testing.assert_allclose(others.normal.toarray(), WHOLE.normal[[7, 8]].toarray(), rtol=1e-6)
