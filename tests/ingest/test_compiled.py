"""What is compiled without counting references, and when what is kept on disk is out of date."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.errors import NumbaError

import sensorium
from sensorium.ingest.compiled import kernel, uncounted
from sensorium.ingest.netflow.attributes.kernel import write_attributes
from sensorium.ingest.netflow.kernel import execute
from sensorium.ingest.netflow.sequence.follow import follow
from sensorium.ingest.sflow.walk import walk

UNCOUNTED = {"uncounted_kernel", "uncounted", "inlined"}
MAKERS = {"astype", "copy", "flatten", "ravel", "repeat", "reshape", "sort", "argsort", "tolist"}


def _makes_arrays(function: ast.FunctionDef) -> list[str]:
    """What a function calls that may make an array: NumPy's scalar types and ufuncs do not."""
    found = []
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        if not isinstance(call.func, ast.Attribute):
            continue
        name, numpy = call.func.attr, ast.unparse(call.func.value) == "np"
        scalar = numpy and isinstance(getattr(np, name), type | np.ufunc)
        if (numpy or name in MAKERS) and not scalar:
            found.append(f"{function.name}: {ast.unparse(call)}")
    return found


def test_what_makes_arrays_is_seen() -> None:
    tree = ast.parse("def f(a):\n np.int64(a); np.log(a)\n b = np.zeros(3); a.copy()")
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    assert _makes_arrays(function) == ["f: np.zeros(3)", "f: a.copy()"]


def test_uncounted_functions_make_no_arrays() -> None:
    # numba notices only where nothing else in the process has compiled the same call before.
    checked, found = 0, []
    for path in Path(sensorium.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            if UNCOUNTED & {ast.unparse(by) for by in node.decorator_list}:
                checked += 1
                found += _makes_arrays(node)
    assert checked > 100
    assert not found


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
