"""What needs the extra ``graph`` says so where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from sensorium.errors import SensoriumError
from sensorium.process.stopping import held_back


def need_torch() -> None:
    """Raise SensoriumError where torch or torch_geometric is not installed."""
    missing = [name for name in ("torch", "torch_geometric", "safetensors") if not find_spec(name)]
    if missing:
        raise SensoriumError(
            f"learning links needs {', '.join(missing)}, which is not installed",
            unaffected="everything but `sensorium links` works without",
            next_step='pip install "sensorium[graph]"',
        )


def load_torch() -> None:
    """Load torch, or raise SensoriumError as :func:`need_torch` does.

    Parts of it abort the process where a signal raises while they load.
    """
    need_torch()
    with held_back():
        import torch  # noqa: F401  loaded for the modules that import it next
