"""Numbers and addresses are written as everybody writes them, whatever their size."""

from __future__ import annotations

import ipaddress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.packet import attributes as kinds
from sensorium.ingest.sflow.text import SPARE, write

EDGES = [
    number
    for exponent in range(20)
    for number in (10**exponent - 1, 10**exponent, 10**exponent + 1)
    if 0 <= number < 1 << 64
]


def written(kind: int, values: list[int], data: bytes = b"") -> list[str]:
    slab = np.frombuffer(data.ljust(8, b"\0"), np.uint8)
    table = np.zeros((len(values), kinds.ENTRY_WIDTH), np.int64)
    table[:, kinds.E_KIND] = kind
    table[:, kinds.E_VALUE] = np.array(values, np.uint64).view(np.int64)
    names = kinds.Room(len(values), (len(values) + 1) * kinds.NAME_ROOM)
    texts = kinds.Room(len(values), len(values) * kinds.VALUE_ROOM + SPARE)
    write(slab.ctypes.data, table, names.places, texts.places)
    found: list[str] = texts.array().to_pylist()
    return found


@given(st.lists(st.one_of(st.sampled_from(EDGES), st.integers(0, (1 << 64) - 1)), min_size=1))
def test_numbers(numbers: list[int]) -> None:
    assert written(kinds.NUMBER_KIND, numbers) == [str(number) for number in numbers]


def test_numbers_of_every_length() -> None:
    assert written(kinds.NUMBER_KIND, EDGES) == [str(number) for number in EDGES]


@given(st.binary(min_size=6, max_size=6))
def test_mac_addresses(address: bytes) -> None:
    assert written(kinds.MAC, [0], address) == [address.hex(":")]


@given(st.binary(min_size=4, max_size=4))
def test_ipv4_addresses(address: bytes) -> None:
    assert written(kinds.IPV4, [0], address) == [str(ipaddress.IPv4Address(address))]
