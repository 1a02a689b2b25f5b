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
    exchanges, of = np.empty(len(names), np.uint64), np.empty(len(names), np.int64)
    sides = np.empty((len(names), 2), np.int64)
    found = conversing.pair_directions(names, sums, _slots(len(names)), exchanges, of, sides)
    sides = sides[:found]
    told.remember(names, sums, of, sides, start_ns)
    talks, services = np.empty((conversing.TALK, found), np.int64), np.empty(found, np.uint64)
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
    return Conversations(
        client=talks[conversing.CLIENT],
        server=talks[conversing.SERVER],
        port=talks[conversing.PORT],
        proto=talks[conversing.OF],
        bytes_up=talks[conversing.UP],
        bytes_down=talks[conversing.DOWN],
        packets_up=talks[conversing.PACKETS_UP],
        packets_down=talks[conversing.PACKETS_DOWN],
        began=talks[conversing.BEGAN],
        duration=talks[conversing.DURATION],
        failed=talks[conversing.FAILED].astype(np.bool_),
        answered=talks[conversing.ANSWERED].astype(np.bool_),
        service=services,
    )


def _slots(rows: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.full(1 << max(2 * rows - 1, 1).bit_length(), -1, np.int32)
