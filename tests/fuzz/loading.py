"""Load the decoders with their kernels as plain Python, and with coverage counted."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from tests.fuzz import kernels, memory

_COUNTED = ["sensorium.ingest"]


def load_decoders(*modules: str) -> None:
    """Import the modules of :mod:`sensorium.ingest` that are named, instrumented."""
    import atheris

    warnings.filterwarnings("ignore", category=RuntimeWarning, message="overflow encountered")
    with atheris.instrument_imports(include=_COUNTED):
        patched: Any = import_module("sensorium.ingest.memory")
        memory.patch_shared(patched)
        patched = import_module("sensorium.ingest.netflow.wire")
        memory.patch_netflow(patched)
        compiled: Any = import_module("sensorium.ingest.compiled")
        compiled.kernel = compiled.uncounted_kernel = kernels.plain
        compiled.inner = compiled.uncounted = kernels.plain_inner
        for name in modules:
            import_module(f"sensorium.ingest.{name}")
