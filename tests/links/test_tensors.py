"""Tensors that cannot be written are told of as any file is."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra [graph] is not installed")

from sensorium.links.tensors import write_tensors  # noqa: E402


def test_a_file_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as told:
        write_tensors({"a": torch.zeros(3)}, tmp_path / "missing" / "a.safetensors")
    assert told.value.errno == errno.ENOENT
    assert str(told.value.filename).endswith("a.safetensors")
