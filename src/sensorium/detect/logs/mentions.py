"""Addresses that log lines mention: who the lines are about."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter

import pyarrow as pa

from sensorium.detect.arrays import I64
from sensorium.detect.logs.window import LogWindow
from sensorium.model.anomaly import Peer

_MOST = 5
_LINES = 2000
_CANDIDATE = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)"
    r"|(?=[0-9a-fA-F:]*:[0-9a-fA-F:]*:)[0-9a-fA-F:]{3,39}(?![\w:]))"
)


def addresses_in(text: str) -> set[str]:
    """The distinct addresses in a line, in canonical form; loopback and 0.0.0.0 are nobody."""
    found = set()
    for candidate in _CANDIDATE.findall(text):
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified or address.is_multicast):
            found.add(str(address))
    return found


def mentioned(logs: LogWindow, lines: I64, sender: str) -> tuple[Peer, ...]:
    """The addresses that most of the lines mention, besides the sender; at most five.

    ``share`` is the part of the lines that mention it. Of very many lines an even sample is read.
    """
    texts = sorted(body or "" for body in logs.bodies.take(pa.array(lines)).to_pylist())
    texts = texts[:: max(1, len(texts) // _LINES)]
    counts = Counter(address for text in texts for address in sorted(addresses_in(text)))
    counts.pop(sender, None)
    strongest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    return tuple(
        Peer(address, 0, 0, outbound=False, share=round(times / len(texts), 4))
        for address, times in strongest
    )
