"""Services that a host has never used and hosts like it do, out of the stored flows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sensorium.links.network.graph import Ask, edges_by_window, over_all_windows
from sensorium.links.network.missing import missing
from sensorium.topology.orientation import SRC_IS_SERVER
from sensorium.topology.survey import last_flow_ns

_DAY_NS = 86_400 * 10**9


def unseen(ask: Ask, *, days: float, least: float, most: int) -> dict[str, Any]:
    """The likely edges that the flows of the last ``days`` lack.

    ``least`` is the least likelihood. ``edges`` is how many were seen, ``likely`` how many are
    likely and were not, ``missing`` the ``most`` likeliest of these, as
    :class:`~sensorium.links.network.missing.Missing` has them.
    """
    end_ns = last_flow_ns(ask)
    start_ns = end_ns - int(days * _DAY_NS)
    windows = edges_by_window(ask, start_ns, end_ns, src_is_server=SRC_IS_SERVER)
    edges = over_all_windows(windows)
    found = missing(edges, least_likelihood=least)
    return {
        "edges": edges.num_rows,
        "likely": len(found),
        "missing": [asdict(edge) for edge in found[:most]],
    }
