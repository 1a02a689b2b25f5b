"""Who is on the other end of what made an entity odd."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, Bool
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.model.anomaly import Peer

_MOST = 5


def peers(flows: FlowWindow, rows: I64, weight: I64, as_client: Bool) -> tuple[Peer, ...]:
    """The peers with most of ``weight`` among the conversations ``rows``, at most five.

    ``weight`` and ``as_client`` are (len(rows),): what each conversation counts for, and whether
    the entity is its client. A peer is named with the service that has most of its weight.
    """
    total = int(weight.sum())
    if not total:
        return ()
    talks = flows.conversations
    other = np.where(as_client, talks.server[rows], talks.client[rows])
    by_peer = Groups.of(((other << 1) | as_client).astype(np.uint64))
    shares = by_peer.reduce(np.add, weight)
    strongest = np.lexsort((by_peer.keys, -shares))[:_MOST]
    return tuple(
        _peer(flows, rows, weight, by_peer.codes == group, int(by_peer.keys[group]))
        for group in strongest.tolist()
        if shares[group] > 0
    )


def between(flows: FlowWindow, talk: int) -> tuple[str, str, I64]:
    """Client and server of a conversation, and all conversations of the one with the other."""
    talks = flows.conversations
    client, server = talks.client[talk], talks.server[talk]
    rows = flows.of_client(client)
    who, whom = flows.addresses.text(int(client)), flows.addresses.text(int(server))
    return who, whom, rows[talks.server[rows] == server]


def _peer(flows: FlowWindow, rows: I64, weight: I64, mine: Bool, code: int) -> Peer:
    talks = flows.conversations
    total, rows, weight = int(weight.sum()), rows[mine], weight[mine]
    by_service = Groups.of(((talks.port[rows] << 16) | talks.proto[rows]).astype(np.uint64))
    sums = by_service.reduce(np.add, weight)
    service = int(by_service.keys[np.lexsort((by_service.keys, -sums))[0]])
    return Peer(
        address=flows.addresses.text(code >> 1),
        port=service >> 16,
        proto=service & 0xFFFF,
        outbound=bool(code & 1),
        share=round(int(weight.sum()) / total, 4),
    )
