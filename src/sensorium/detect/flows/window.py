"""The flows of one window, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sensorium.detect.arrays import F64, I64, U8, U64, Bool
from sensorium.detect.flows.interfaces import Interfaces, by_interface
from sensorium.detect.flows.relations import Relation
from sensorium.detect.groups import RowsOf
from sensorium.detect.kernels.relations import TALK
from sensorium.detect.keys import combine
from sensorium.model.address import unpack_address


@dataclass(frozen=True, slots=True)
class Addresses:
    """The distinct addresses of a window, in byte order.

    ``packed`` uint8 (m, 16); ``keys`` uint64 (m,); ``group`` (m,) is true for multicast,
    broadcast and unspecified addresses, which are nobody's.
    """

    packed: U8
    keys: U64
    group: Bool

    def text(self, index: int) -> str:
        """One address as people write it."""
        return unpack_address(self.packed[index].tobytes())


@dataclass(frozen=True, slots=True)
class Records:
    """Every flow record as its exporter sent it (``n`` rows, scaled by the sampling rate).

    ``exporter``, ``source`` and ``target`` index the addresses.
    """

    exporter: I64
    source: I64
    target: I64
    in_if: I64
    out_if: I64
    bytes: I64
    packets: I64

    def __len__(self) -> int:
        return len(self.exporter)


@dataclass(frozen=True, slots=True)
class Conversations:
    """Each exchange between two endpoints once, whoever exported it (``n`` rows), in any order.

    ``client`` and ``server`` index the addresses; ``port`` is the server's (0 where the
    protocol has none). ``*_up`` is from client to server. ``began`` is Unix ns, the end where no
    start is told, and ``duration`` ns. ``failed`` is a TCP opening without
    an accepting answer, or a few UDP packets or an echo request without any. ``answered`` is an
    exchange that really took place, or enough packets one way that somebody must be there.
    """

    client: I64
    server: I64
    port: I64
    proto: I64
    bytes_up: I64
    bytes_down: I64
    packets_up: I64
    packets_down: I64
    began: I64
    duration: I64
    failed: Bool
    answered: Bool
    service: U64

    def __len__(self) -> int:
        return len(self.client)


@dataclass(frozen=True, slots=True)
class Edges:
    """Who used which service: conversations grouped by client, server, port and protocol.

    ``new`` is true where this client was never answered there before; ``novelty`` is how
    improbable such a first contact is, in decades, 0 for known edges. ``sums`` int64 (e, SUMS) has
    the columns of ``kernels.relations``. ``conversation`` gives each conversation's edge.
    """

    keys: U64
    client: I64
    server: I64
    port: I64
    proto: I64
    answered: Bool
    new: Bool
    novelty: F64
    sums: I64
    conversation: I64


@dataclass(frozen=True)
class FlowWindow:
    """All flows of a window: as exported, as conversations, and as edges.

    ``of_client``, ``of_server`` and ``of_service`` give the rows of a value among the
    conversations; they are made when something is to be explained.
    """

    addresses: Addresses
    records: Records
    conversations: Conversations
    edges: Edges

    @cached_property
    def interfaces(self) -> Interfaces:
        """The records by interface."""
        r = self.records
        return by_interface(r.exporter, r.in_if, r.out_if, r.bytes, r.packets, self.addresses.keys)

    @cached_property
    def pairs(self) -> Relation:
        """The edges by client and server."""
        keys, edges = self.addresses.keys, self.edges
        return Relation.by(
            combine(keys[edges.client], keys[edges.server]), edges.sums, edges.novelty
        )

    @cached_property
    def services(self) -> Relation:
        """The edges by service."""
        edges = self.edges
        service = self.conversations.service[edges.sums[:, TALK]]
        return Relation.by(service, edges.sums, edges.novelty)

    @cached_property
    def of_client(self) -> RowsOf:
        """Conversations of a client."""
        return RowsOf(self.conversations.client)

    @cached_property
    def of_server(self) -> RowsOf:
        """Conversations of a server."""
        return RowsOf(self.conversations.server)

    @cached_property
    def of_service(self) -> RowsOf:
        """Conversations with a service."""
        return RowsOf(self.conversations.service)
