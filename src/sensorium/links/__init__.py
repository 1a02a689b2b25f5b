"""Graphs of who is tied to whom, and which tie is likely: link prediction.

``graph`` holds a graph, its names and features, and reads them; ``structure`` says of two nodes
what needs no training; ``neighbourhoods`` draws and gathers; ``encoders`` and ``decoders`` are the
parts of a network, ``models`` what is saved of it, ``learning`` how it comes about and is judged,
``serving`` how it suggests; ``network`` is about hosts.

Importing this package loads neither torch nor numba; the extra ``sensorium[graph]`` brings what
learning needs.
"""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph

__getattr__ = lazy_names(__name__, **{"graph.compressed": "Graph"})

__all__ = ["Graph"]
