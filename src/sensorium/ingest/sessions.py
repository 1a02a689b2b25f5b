"""Transport sessions: what templates and sequence numbers belong to where there is a connection.

RFC 7011 section 2: over TCP, TLS and SCTP a session is a connection, over DTLS what follows one
handshake. It has a number, never 0, in which its transport is written; 0 is what comes in plain
datagrams.
"""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import Final


class Transport(StrEnum):
    """How an exporter's messages come."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    SCTP = "sctp"
    DTLS = "dtls"


_TRANSPORTS: Final = tuple(Transport)
_BITS: Final = 3
SESSION_BITS: Final = 28
"""A session's number is less than 2 to this."""
_SERIALS: Final = 1 << (SESSION_BITS - _BITS)

_next_serial = itertools.count(1)


def new_session(transport: Transport) -> int:
    """A number that no other session of this process has; it is given again after 33 million."""
    serial = next(_next_serial) % _SERIALS or next(_next_serial) % _SERIALS
    return serial << _BITS | _TRANSPORTS.index(transport)


def transport_of(session: int) -> Transport:
    """How a session's messages come; UDP for 0."""
    return _TRANSPORTS[session & (1 << _BITS) - 1]
