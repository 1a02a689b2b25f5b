from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sensorium.lazy import lazy_names


def test_a_name_is_imported_from_its_submodule_when_first_asked_for() -> None:
    load = lazy_names("json", decoder="JSONDecoder JSONDecodeError", encoder="JSONEncoder")
    assert load("JSONDecodeError") is json.JSONDecodeError
    assert load("JSONEncoder") is json.JSONEncoder


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'Nothing'"):
        lazy_names("json", decoder="JSONDecoder")("Nothing")


def test_settings_are_read_without_loading_the_parts_they_set() -> None:
    program = "import sensorium.config, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "pyarrow", "numba", "sklearn", "sqlalchemy", "chdb", "fastapi", "langgraph"}
    assert set(done.stdout.split()) & heavy == set()
