"""The topology of the network: who is who, who talks to whom, and who depends on whom."""

from sensorium.topology.edges import Edge
from sensorium.topology.graph import EdgeTable, EntityGraph
from sensorium.topology.identity import Identities

__all__ = ["Edge", "EdgeTable", "EntityGraph", "Identities"]
