"""What a node's place in a graph is worth: betweenness, cuts, cores, communities."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.topology.centrality.betweenness import Betweenness, betweenness_of
    from sensorium.topology.centrality.blocks import Blocks, blocks_of
    from sensorium.topology.centrality.communities import communities_of
    from sensorium.topology.centrality.cores import core_numbers

__getattr__ = lazy_names(
    __name__,
    betweenness="Betweenness betweenness_of",
    blocks="Blocks blocks_of",
    communities="communities_of",
    cores="core_numbers",
)

__all__ = ["Betweenness", "Blocks", "betweenness_of", "blocks_of", "communities_of", "core_numbers"]
