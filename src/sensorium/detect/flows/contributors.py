"""Who is on the other end of what made an entity odd."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, Bool
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.model.anomaly import Peer

_MOST = 5
# Conversations that are looked at one by one.
_FEW = 64


def peers(flows: FlowWindow, rows: I64, weight: I64, as_client: Bool) -> tuple[Peer, ...]:
    """The peers with most of ``weight`` among the conversations ``rows``, at most five.

    ``weight`` and ``as_client`` are (len(rows),): what each conversation counts for, and whether
    the entity is its client. A peer is named with the service that has most of its weight.
    """
    total = int(weight.sum())
    if not total:
        return ()
    if len(rows) <= _FEW:
        return _few_peers(flows, rows, weight, as_client, total)
    talks = flows.conversations
    other = np.where(as_client, talks.server[rows], talks.client[rows])
    by_peer = Groups.of(((other << 1) | as_client).astype(np.uint64))
    shares = by_peer.reduce(np.add, weight)
    strongest = np.lexsort((by_peer.keys, -shares))[:_MOST]
    return tuple(
        _peer(flows, rows[mine], weight[mine], total, int(by_peer.keys[group]))
        for group in strongest.tolist()
        if shares[group] > 0
        for mine in (by_peer.members(group),)
    )


def between(flows: FlowWindow, talk: int) -> tuple[str, str, I64]:
    """Client and server of a conversation, and all conversations of the one with the other."""
    talks = flows.conversations
    client, server = talks.client[talk], talks.server[talk]
    rows = flows.of_client(client)
    who, whom = flows.addresses.text(int(client)), flows.addresses.text(int(server))
    return who, whom, rows[talks.server[rows] == server]


def _few_peers(
    flows: FlowWindow, rows: I64, weight: I64, as_client: Bool, total: int
) -> tuple[Peer, ...]:
    """The same for few rows, where arrays would take longer than what is done with them."""
    talks = flows.conversations
    client, server = talks.client[rows].tolist(), talks.server[rows].tolist()
    services = ((talks.port[rows] << 16) | talks.proto[rows]).tolist()
    found: dict[int, dict[int, int]] = {}
    for place, (mine, much) in enumerate(zip(as_client.tolist(), weight.tolist(), strict=True)):
        code = (server[place] << 1) | 1 if mine else client[place] << 1
        sums = found.setdefault(code, {})
        sums[services[place]] = sums.get(services[place], 0) + much
    shares = {code: sum(sums.values()) for code, sums in found.items()}
    strongest = sorted(shares, key=lambda code: (-shares[code], code))[:_MOST]
    return tuple(
        _named(flows, code, min(sums, key=lambda key: (-sums[key], key)), shares[code], total)
        for code, sums in ((code, found[code]) for code in strongest)
        if shares[code] > 0
    )


def _peer(flows: FlowWindow, rows: I64, weight: I64, total: int, code: int) -> Peer:
    talks = flows.conversations
    by_service = Groups.of(((talks.port[rows] << 16) | talks.proto[rows]).astype(np.uint64))
    sums = by_service.reduce(np.add, weight)
    service = int(by_service.keys[np.lexsort((by_service.keys, -sums))[0]])
    return _named(flows, code, service, int(weight.sum()), total)


def _named(flows: FlowWindow, code: int, service: int, much: int, total: int) -> Peer:
    return Peer(
        address=flows.addresses.text(code >> 1),
        port=service >> 16,
        proto=service & 0xFFFF,
        outbound=bool(code & 1),
        share=round(much / total, 4),
    )
