"""Whether addresses lie in a set of networks, asked for whole columns of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.model.address import V4_PREFIX

_MAPPED_BITS: Final = 96


class SourceNetworks:
    """A set of IPv4 and IPv6 networks such as ``10.0.0.0/8``.

    ValueError where one of them is no network; host bits that are set are passed over. An IPv6
    network holds no IPv4 addresses, unless it is written as a mapped one (``::ffff:10.0.0.0/104``).
    """

    def __init__(self, networks: Iterable[str]) -> None:
        rows = [_row(network) for network in networks]
        self._rows = np.array(rows, np.uint64).reshape(-1, 4)
        self.hold(np.empty((0, 16), np.uint8))  # compiles, where nobody has before

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, packed: bytes) -> bool:
        return bool(self.hold(np.frombuffer(packed, np.uint8).reshape(1, 16))[0])

    def hold(self, addresses: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """For each address, uint8 (n, 16), whether one of the networks has it: bool (n,)."""
        found = np.empty(len(addresses), np.bool_)
        _hold(words_of(addresses), self._rows, found)
        return found


def words_of(addresses: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Addresses, uint8 (n, 16), as two numbers each: uint64 (n, 2), the high one first."""
    words = np.ascontiguousarray(addresses).view(">u8").reshape(-1, 2)
    return words.astype(np.uint64)


def _row(text: str) -> list[int]:
    network = ipaddress.ip_network(text, strict=False)
    value, bits = int(network.network_address), network.prefixlen
    if network.version == 4:
        value, bits = value | int.from_bytes(V4_PREFIX, "big") << 32, bits + _MAPPED_BITS
    mask = ((1 << bits) - 1) << (128 - bits)
    low = (1 << 64) - 1
    return [value >> 64, value & low, mask >> 64, mask & low]


@inner
def _is_v4(high: Any, low: Any) -> bool:
    return bool(high == np.uint64(0) and (low >> np.uint64(32)) == np.uint64(0xFFFF))


@kernel
def _hold(words: Any, networks: Any, found: Any) -> None:
    for i in range(len(words)):
        high, low = words[i, 0], words[i, 1]
        if i and high == words[i - 1, 0] and low == words[i - 1, 1]:
            found[i] = found[i - 1]
            continue
        found[i] = False
        for k in range(len(networks)):
            same = (
                high & networks[k, 2] == networks[k, 0] and low & networks[k, 3] == networks[k, 1]
            )
            if same and _is_v4(high, low) == _is_v4(networks[k, 0], networks[k, 1]):
                found[i] = True
                break
