"""Decompositions of graphs on which the quick way fails."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.utils import extmath

from sensorium.links.structure.smoothing import decomposed


def test_a_decomposition_that_does_not_converge_is_made_the_slow_way(monkeypatch):
    quick = extmath.randomized_svd

    def fails(matrix, rank, *, svd_lapack_driver="gesdd", **chosen):
        if svd_lapack_driver == "gesdd":
            raise np.linalg.LinAlgError("SVD did not converge")
        return quick(matrix, rank, svd_lapack_driver=svd_lapack_driver, **chosen)

    matrix = sp.random(40, 40, 0.2, "csr", np.float32, np.random.default_rng(0))
    wanted = decomposed(matrix, 12, 0)[1]
    monkeypatch.setattr(extmath, "randomized_svd", fails)
    assert np.allclose(decomposed(matrix, 12, 0)[1], wanted, rtol=1e-4)
