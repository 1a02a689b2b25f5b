"""Conversations from unidirectional records that several exporters may have sent.

One exchange reaches us as two records, one per direction, and once from every router on its
way. Volumes must be counted once, and both directions must agree on who is the client.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, U64
from sensorium.detect.flows.records import Gathered
from sensorium.detect.flows.told import Told
from sensorium.detect.flows.window import Conversations
from sensorium.detect.kernels import conversing
from sensorium.detect.keys import KeyIndex


def converse(gathered: Gathered, told: Told, served: KeyIndex, start_ns: int) -> Conversations:
    """Pair the directions of a window that starts at ``start_ns`` into conversations.

    ``served`` holds the services that have answered before; ``told`` takes the window in.
    """
    names, sums, addresses = gathered.names, gathered.sums, gathered.addresses
    directions, best = np.empty(len(names), np.uint64), np.empty(len(names), np.int64)
    found = conversing.choose_points(names, sums, len(names), _slots(len(names)), directions, best)
    directions, best = directions[:found], best[:found]
    told.remember(directions, best, names, sums, start_ns)

    exchanges, sides = np.empty(found, np.uint64), np.empty((found, 2), np.int64)
    found = conversing.pair_directions(names, sums, best, _slots(found), exchanges, sides)
    talks, services = np.empty((found, conversing.TALK), np.int64), np.empty(found, np.uint64)
    conversing.orient(
        sums,
        sides,
        gathered.rank,
        addresses.keys,
        addresses.group,
        *served.table,
        talks,
        services,
    )
    return _conversations(talks, services)


def _conversations(talks: I64, services: U64) -> Conversations:
    columns = np.ascontiguousarray(talks.T)
    return Conversations(
        client=columns[conversing.CLIENT],
        server=columns[conversing.SERVER],
        port=columns[conversing.PORT],
        proto=columns[conversing.OF],
        bytes_up=columns[conversing.UP],
        bytes_down=columns[conversing.DOWN],
        packets_up=columns[conversing.PACKETS_UP],
        packets_down=columns[conversing.PACKETS_DOWN],
        began=columns[conversing.BEGAN],
        duration=columns[conversing.DURATION],
        failed=columns[conversing.FAILED].astype(np.bool_),
        answered=columns[conversing.ANSWERED].astype(np.bool_),
        service=services,
    )


def _slots(rows: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.full(1 << max(2 * rows - 1, 1).bit_length(), -1, np.int32)
