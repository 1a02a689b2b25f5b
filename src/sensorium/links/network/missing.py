"""Services that a host has never used and hosts like it do: dependencies nobody has seen yet.

Two hosts are like each other by the services that both use, a service counting less the more use it
(the cosine, with the weights of Adamic and Adar 2003). How likely it is that a host comes to use a
service is the share of the ten hosts most like it that do, by likeness, as if half a host more were
known that does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy import sparse

Array = np.ndarray[Any, Any]

_LIKE: Final = 10
_LEAST_LIKENESS: Final = 0.3
_DOUBT: Final = 0.5
_BLOCK: Final = 512
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Missing:
    """An edge that is likely and was not seen.

    ``likelihood`` is from 0 to 1; ``users`` are hosts like the client that use the service, most
    alike first (three at most), ``using`` how many they are, of ``like`` hosts like it.
    """

    client: str
    server: str
    port: int
    proto: int
    likelihood: float
    users: tuple[str, ...]
    using: int
    like: int


def missing(
    edges: pa.Table, *, least_windows: int = 3, least_likelihood: float = 0.5
) -> list[Missing]:
    """The likely edges that ``edges`` lack, the likeliest first.

    ``edges`` are those of :func:`~sensorium.links.network.graph.over_all_windows`; those seen in
    fewer than ``least_windows`` windows are no habit, but what was seen is not missing.
    """
    if not edges.num_rows:
        return []
    clients, client = _coded([edges["client"]])
    services, service = _coded([edges[name] for name in ("server", "port", "proto")])
    shape = (len(clients), len(services))
    seen = sparse.csr_array((np.ones(len(client)), (client, service)), shape)
    habit = np.asarray(edges["windows"]) >= least_windows
    uses = sparse.csr_array((np.ones(int(habit.sum())), (client[habit], service[habit])), shape)
    own = np.array([name for (name,) in clients])
    found = []
    for start in range(0, shape[0], _BLOCK):
        found += _of_block(uses, seen, slice(start, start + _BLOCK), least_likelihood)
    listed = [
        Missing(
            client=clients[row][0],
            server=services[column][0],
            port=services[column][1],
            proto=services[column][2],
            likelihood=round(likelihood, 4),
            users=tuple(own[users[:_NAMED]].tolist()),
            using=len(users),
            like=like,
        )
        for row, column, likelihood, users, like in found
        if clients[row][0] != services[column][0]
    ]
    return sorted(listed, key=lambda m: (-m.likelihood, m.client, m.server, m.port, m.proto))


def _coded(columns: list[pa.ChunkedArray]) -> tuple[list[tuple[Any, ...]], Array]:
    """The distinct rows of the columns, sorted, and each row's place among them."""
    rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
    distinct = sorted(set(rows))
    place = {row: at for at, row in enumerate(distinct)}
    return distinct, np.array([place[row] for row in rows], np.int64)


def _of_block(
    uses: Any, seen: Any, rows: slice, least: float
) -> list[tuple[int, int, float, Array, int]]:
    """Client, service, likelihood, users alike and how many are alike, for a block of clients."""
    weight = 1.0 / np.log(1.0 + np.maximum(uses.sum(axis=0), 1.0))
    weighted = uses.multiply(np.sqrt(weight)).tocsr()
    length = np.sqrt(weighted.multiply(weighted).sum(axis=1))
    unit = weighted.multiply(1.0 / np.maximum(length, 1e-12)[:, None]).tocsr()
    alike = (unit[rows] @ unit.T).toarray()
    at = np.arange(alike.shape[0])
    alike[at, at + rows.start] = 0.0
    alike[alike < _LEAST_LIKENESS] = 0.0
    found = []
    for place, row in enumerate(at + rows.start):
        nearest = np.argsort(-alike[place], kind="stable")[:_LIKE]
        nearest = nearest[alike[place, nearest] > 0]
        if not len(nearest):
            continue
        likeness = alike[place, nearest]
        share = (likeness @ uses[nearest]) / (likeness.sum() + _DOUBT)
        share[seen[[row]].indices] = 0.0
        for column in np.flatnonzero(share >= least).tolist():
            using = nearest[uses[nearest][:, [column]].toarray()[:, 0] > 0]
            found.append((int(row), column, float(share[column]), using, len(nearest)))
    return found
