"""Graphs of who is tied to whom, and which tie is likely: link prediction.

Importing this package loads neither torch nor numba; the extra ``sensorium[graph]`` brings what
learning needs.
"""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.links.graph import Graph

__getattr__ = lazy_names(__name__, graph="Graph")

__all__ = ["Graph"]
