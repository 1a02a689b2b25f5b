"""The modules that PyG writes for its layers, which it leaves among the temporary files."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def remove_generated(layers: nn.Module) -> None:
    """Remove the files of the modules that PyG wrote for these layers.

    For each class of layers a process writes a file of its own, loads it and never looks at it
    again (``torch_geometric.template``). Only what this process has loaded is removed.
    """
    folder = Path(tempfile.gettempdir())
    for kind in {type(layer) for layer in layers.modules()}:
        for method in ("propagate", "edge_updater"):
            module = sys.modules.get(getattr(getattr(kind, method, None), "__module__", ""))
            spec = None if module is None else module.__spec__
            # A layer that PyG wrote nothing for has its methods from the installed package.
            if spec is None or spec.origin is None or Path(spec.origin).parent != folder:
                continue
            for file in (spec.origin, spec.cached):
                with contextlib.suppress(OSError):
                    Path(file or "").unlink()
