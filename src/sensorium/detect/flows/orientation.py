"""Who is the server of a conversation: signs weighed against each other, strongest first."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sensorium.detect.arrays import I64, Bool

_SYN, _ACK = 0x02, 0x10
_MILLISECOND = 1_000_000

# A sign outweighs all weaker ones together.
_OPENED = 64
_PORT_CLASS = 16
_SERVED_BEFORE = 8
_ONLY_SENDER = 4
_BEGAN = 2


@dataclass(frozen=True, slots=True)
class Side:
    """What one end sent in each of ``n`` conversations; ``flags`` are all TCP flags seen and
    ``echo`` is 1 for an ICMP echo request. All int64 (n,), times in nanoseconds."""

    bytes: I64
    packets: I64
    flags: I64
    echo: I64
    start: I64
    end: I64

    @staticmethod
    def choose(condition: Bool, yes: Side, no: Side) -> Side:
        """Row by row from one of two sides."""
        return Side(
            *(np.where(condition, getattr(yes, f.name), getattr(no, f.name)) for f in fields(Side))
        )


def low_is_server(
    low: Side, high: Side, *, low_port: I64, high_port: I64, proto: I64, known: I64
) -> Bool:
    """Decide for each conversation whether its low end is the server.

    ``known`` is +1 where only the low end is a service that has answered before, -1 where only
    the high end is. Signs, strongest first: who opened (a SYN without ACK, or the only SYN, or
    an echo request); the port's class (below 1024, below 32768, ephemeral); a service known
    from before; who alone sent anything; who began, by a millisecond or more. Where all are
    silent the lower port serves, and then the low end.
    """
    balance = _PORT_CLASS * np.sign(_port_class(low_port) - _port_class(high_port))
    balance += _OPENED * np.sign(_opened(high, low) - _opened(low, high))
    balance += _SERVED_BEFORE * known
    connectionless = proto != 6
    alone = (low.packets == 0).astype(np.int64) - (high.packets == 0)
    balance += _ONLY_SENDER * np.where(connectionless, alone, 0)
    lead = np.where((low.start > 0) & (high.start > 0), low.start - high.start, 0)
    balance += _BEGAN * np.sign(np.where(np.abs(lead) >= _MILLISECOND, lead, 0))
    served: Bool = (balance > 0) | ((balance == 0) & (low_port <= high_port))
    return served


def _opened(side: Side, other: Side) -> I64:
    """How strongly the flags say that this side opened: 3, 2, 1 or 0."""
    syn = (side.flags & _SYN) > 0
    bare = syn & ((side.flags & _ACK) == 0)
    only = syn & (other.packets > 0) & ((other.flags & _SYN) == 0)
    return np.maximum(np.where(bare, 3, 0), np.maximum(np.where(only, 2, 0), side.echo))


def _port_class(port: I64) -> I64:
    """2 for system ports, 1 for registered ones, 0 for those that systems hand to clients."""
    return np.where(port == 0, 0, np.where(port < 1024, 2, np.where(port < 32768, 1, 0)))
