"""What is compiled without counting references, and when what is kept on disk is out of date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba.core.errors import NumbaError

from sensorium.ingest.compiled import kernel, uncounted, uncounted_kernel
from sensorium.ingest.netflow.attributes.kernel import write_attributes
from sensorium.ingest.netflow.kernel import execute
from sensorium.ingest.netflow.sequence.follow import follow
from sensorium.ingest.sflow.walk import walk


def test_uncounted_kernels_cannot_make_arrays() -> None:
    def making(count: Any) -> Any:
        return np.zeros(count)[0]

    counted: Any = kernel(making)
    assert counted(3) == 0
    with pytest.raises(NumbaError, match="returning of array"):
        uncounted_kernel(making)(3)


def test_uncounted_functions_cannot_return_arrays() -> None:
    @uncounted
    def row(table: Any) -> Any:
        return table[0]

    @kernel
    def first(table: Any) -> Any:
        return row(table)[0]

    with pytest.raises(NumbaError, match="returning of array"):
        first(np.zeros((2, 2)))


def test_what_is_kept_is_keyed_by_all_files_of_a_decoder() -> None:
    def key(compiled: Any) -> Any:
        return compiled._cache._cache_file._source_stamp[1]

    assert key(execute) == key(follow) == key(write_attributes)
    assert key(walk) != key(execute)
