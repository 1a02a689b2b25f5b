"""What is known of an edge before it is seen: the features, by name."""

from __future__ import annotations

from typing import Final

FEATURES: Final = (
    "new",  # 1 where the edge is not known
    "age",  # log of the windows since it was seen, of a known one
    "source_rarity",  # how seldom this source makes first contacts: -log of the rate
    "target_rarity",  # how seldom this target gets them
    "source_idle",  # log of the windows since the source was seen
    "target_idle",
    "source_out",  # logs of the edges of either end, in either direction
    "source_in",
    "target_out",
    "target_in",
    "shared",  # neighbours in common, each weighing less the more it has itself
    "alike",  # paths of three edges: this target is talked with by those who share others with it
    "reverse",  # 1 where the reverse edge is known
    "reciprocity",  # -log of how often a first contact goes against a known edge
    "source_taste",  # angles (cosines): the source's targets against those of the target's sources
    "target_taste",  # the target's sources against those of the source's targets
    "same_targets",  # of the two ends' targets, and of their sources
    "same_sources",
    "through",  # the source's targets against the target's sources
    "source_stranger",  # 1 where the source was never seen
    "target_stranger",
    "source_only_answers",  # 1 where the source was a target before and never a source
    "target_only_asks",  # 1 where the target was a source before and never a target
    "source_firsts",  # first contacts of the source in a window in which it is a source, as a mean
    "target_firsts",
    "source_busy",  # logs of the window's other edges of either end, eight at most
    "target_busy",
)
COLUMN: Final = {name: column for column, name in enumerate(FEATURES)}
