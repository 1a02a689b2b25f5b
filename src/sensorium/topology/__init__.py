"""The topology of the network: who is who, who talks to whom, and who depends on whom."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.topology.edges import Edge
    from sensorium.topology.graph import EdgeTable, EntityGraph
    from sensorium.topology.identity import Identities

__getattr__ = lazy_names(
    __name__,
    edges="Edge",
    graph="EdgeTable EntityGraph",
    identity="Identities",
)

__all__ = ["Edge", "EdgeTable", "EntityGraph", "Identities"]
