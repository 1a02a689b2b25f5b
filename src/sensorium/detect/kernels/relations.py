"""Conversations summed by edge, and edges by what they have in common."""

from __future__ import annotations

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.kernels.mixing import joined, mixed
from sensorium.ingest.compiled import kernel

# Columns of sums, int64 (g, SUMS). The last is a conversation: the first one.
FLOWS, UP, DOWN, PACKETS, FAILED, DURATION, ANSWERED, HEARD, EDGES, NEW, TALK = range(11)
SUMS = 11

# Columns of what a host has as client and as server, int64 (m, HOST).
SENT, RECEIVED, PASSED, OPENED, ASKED, VAIN, UNANSWERED, FIRST = range(8)
HOST = 8


@kernel
def name_edges(client: I64, service: U64, address_keys: U64, names: U64) -> None:
    """The key of each conversation's edge: its client and its service."""
    for i in range(len(client)):
        names[i] = joined(mixed(address_keys[client[i]]), service[i])


@kernel
def sum_edges(
    edge: I64,
    up: I64,
    down: I64,
    packets_up: I64,
    packets_down: I64,
    failed: Bool,
    answered: Bool,
    duration: I64,
    sums: I64,
) -> None:
    """Add conversations (n,) to the sums of their edges, which are zero."""
    for i in range(len(edge)):
        at = sums[edge[i]]
        if at[FLOWS] == 0:
            at[TALK] = i
            at[EDGES] = 1
        at[FLOWS] += 1
        at[UP] += up[i]
        at[DOWN] += down[i]
        at[PACKETS] += packets_up[i] + packets_down[i]
        at[FAILED] += failed[i]
        at[DURATION] += duration[i]
        at[ANSWERED] += answered[i]
        at[HEARD] += packets_down[i] > 0


@kernel
def fold(group: I64, rows: I64, sums: I64) -> None:
    """Add rows of sums (n, SUMS) to those of their groups, which are zero."""
    for i in range(len(group)):
        at = sums[group[i]]
        if at[FLOWS] == 0:
            at[TALK] = rows[i, TALK]
        at[TALK] = min(at[TALK], rows[i, TALK])
        for column in range(TALK):
            at[column] += rows[i, column]


@kernel
def strongest(group: I64, values: F64, most: F64) -> None:
    """The largest value of each group, where it is larger than what ``most`` holds."""
    for i in range(len(group)):
        most[group[i]] = max(most[group[i]], values[i])


@kernel
def sum_hosts(client: I64, server: I64, edges: I64, hosts: I64) -> None:
    """Add edges (e, SUMS) to both of their ends."""
    for i in range(len(client)):
        a, b, edge = hosts[client[i]], hosts[server[i]], edges[i]
        a[SENT] += edge[UP]
        a[RECEIVED] += edge[DOWN]
        a[PASSED] += edge[PACKETS]
        a[OPENED] += edge[FLOWS]
        a[VAIN] += edge[FAILED]
        a[FIRST] += edge[NEW]
        b[SENT] += edge[DOWN]
        b[RECEIVED] += edge[UP]
        b[PASSED] += edge[PACKETS]
        b[ASKED] += edge[FLOWS]
        b[UNANSWERED] += edge[FAILED]
