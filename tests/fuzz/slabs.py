"""Fuzzed bytes as datagrams of a few senders, in slabs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sensorium.ingest.datagrams import Datagrams

ARRIVAL_NS = 1_767_225_600_000_000_000
_MOST = 64


@dataclass(frozen=True, slots=True)
class Told:
    """A datagram: who sent it (0 to 3), and whether a slab ends after it."""

    payload: bytes
    sender: int = 0
    ends_slab: bool = False


def pack(datagrams: Iterable[Told | bytes]) -> bytes:
    """Datagrams as an input: three bytes (how, length) before each."""
    parts = []
    for one in datagrams:
        told = one if isinstance(one, Told) else Told(one, ends_slab=True)
        how = told.sender << 1 | told.ends_slab
        parts.append(bytes([how]) + len(told.payload).to_bytes(2, "big") + told.payload)
    return b"".join(parts)


def unpack(data: bytes) -> Iterator[Told]:
    """The datagrams of any bytes: the last one has what is left."""
    at = 0
    for _ in range(_MOST):
        if at >= len(data):
            return
        how, length = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        yield Told(data[at + 3 : at + 3 + length], how >> 1 & 3, bool(how & 1))
        at += 3 + length


def slab(told: list[Told], first: int = 0) -> Datagrams:
    """One slab; each datagram arrives a second after the one before."""
    return Datagrams.of(
        [one.payload for one in told],
        arrival_ns=[ARRIVAL_NS + (first + n) * 1_000_000_000 for n in range(len(told))],
        src_addr=[bytes(10) + b"\xff\xff" + bytes([10, 0, 0, one.sender]) for one in told],
        src_port=2055,
        dst_port=2055,
    )


def divided(told: list[Told]) -> Iterator[Datagrams]:
    """Slabs as the input divides them."""
    first = 0
    for place, one in enumerate(told, 1):
        if one.ends_slab or place == len(told):
            yield slab(told[first:place], first)
            first = place
