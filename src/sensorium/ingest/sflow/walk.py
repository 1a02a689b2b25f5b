"""The walk over a slab: every datagram's head, and every sample's, without looking at records.

sFlow version 5 section 5, "sFlow Datagram Format". Lengths of samples are rounded up to four
bytes, as XDR (RFC 4506) pads them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel, uncounted
from sensorium.ingest.memory import word
from sensorium.ingest.packet.words import mapped, u32
from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow.interning import intern
from sensorium.ingest.sflow.reasons import CODE, Drop
from sensorium.ingest.sflow.tally import drop

LEAST_SAMPLE = 8 + 12
"""Bytes of the smallest sample that the walk keeps: its format, length and counter header."""

_SHORT_HEADER = CODE[Drop.SHORT_HEADER]
_UNKNOWN_VERSION = CODE[Drop.UNKNOWN_VERSION]
_BAD_AGENT_ADDRESS = CODE[Drop.BAD_AGENT_ADDRESS]
_TOO_MANY_AGENTS = CODE[Drop.TOO_MANY_AGENTS]
_DATAGRAM_CUT = CODE[Drop.DATAGRAM_CUT]
_BYTES_AFTER_SAMPLES = CODE[Drop.BYTES_AFTER_SAMPLES]
_UNKNOWN_SAMPLE = CODE[Drop.UNKNOWN_SAMPLE]
_SAMPLE_CUT = CODE[Drop.SAMPLE_CUT]

_H_AGENT = at.H_AGENT
_H_SEQUENCE = at.H_SEQUENCE
_H_UPTIME_MS = at.H_UPTIME_MS
_H_ADDRESS_HIGH = at.H_ADDRESS_HIGH
_H_ADDRESS_LOW = at.H_ADDRESS_LOW
_H_SUB_AGENT = at.H_SUB_AGENT
_H_ROWS = at.H_ROWS
_S_HEAD = at.S_HEAD
_S_KIND = at.S_KIND
_S_START = at.S_START
_S_END = at.S_END
_S_RECORDS = at.S_RECORDS
_S_SEQUENCE = at.S_SEQUENCE
_S_SOURCE_TYPE = at.S_SOURCE_TYPE
_S_SOURCE_INDEX = at.S_SOURCE_INDEX
_S_RATE = at.S_RATE
_S_POOL = at.S_POOL
_S_DROPS = at.S_DROPS
_S_INPUT_FORMAT = at.S_INPUT_FORMAT
_S_INPUT = at.S_INPUT
_S_OUTPUT_FORMAT = at.S_OUTPUT_FORMAT
_S_OUTPUT = at.S_OUTPUT
_S_REASON = at.S_REASON
_FLOW = at.FLOW
_DISCARD = at.DISCARD
_COUNTERS = at.COUNTERS
_VERSION = at.VERSION

# Formats of sample_data, enterprise 0, and the bytes of their headers.
_FLOW_SAMPLE, _FLOW_HEADER = 1, 32
_COUNTERS_SAMPLE, _COUNTERS_HEADER = 2, 12
_EXPANDED_FLOW_SAMPLE, _EXPANDED_FLOW_HEADER = 3, 44
_EXPANDED_COUNTERS_SAMPLE, _EXPANDED_COUNTERS_HEADER = 4, 16
_DISCARDED_PACKET, _DISCARDED_HEADER = 5, 32


@uncounted
def _read_head(
    data: Any, start: Any, end: Any, source: Any, agents: Any, key: Any, head: Any, tally: Any
) -> Any:
    """Fill a datagram's head; the place of its sample count, or -1 if it cannot be read."""
    head[_H_AGENT] = -1
    if end - start < 8:
        drop(tally, -1, _SHORT_HEADER)
        return -1
    if u32(data, start) != _VERSION:
        drop(tally, -1, _UNKNOWN_VERSION)
        return -1
    kind = u32(data, start + 4)
    if kind > 2:
        drop(tally, -1, _BAD_AGENT_ADDRESS)
        return -1
    size = 16 if kind == 2 else 4 * kind
    if end - start < 8 + size + 16:
        drop(tally, -1, _SHORT_HEADER)
        return -1
    place = start + 8
    high = low = 0
    if kind == 2:
        high, low = word(data, place), word(data, place + 8)
    elif kind == 1:
        low = mapped(data, place)
    if high == 0 and low == 0:
        # The agent does not say who it is: the datagram's sender stands for it.
        high, low = source[0], source[1]
    place += size
    head[_H_ADDRESS_HIGH] = high
    head[_H_ADDRESS_LOW] = low
    head[_H_SUB_AGENT] = u32(data, place)
    head[_H_SEQUENCE] = u32(data, place + 4)
    head[_H_UPTIME_MS] = u32(data, place + 8)
    key[0], key[1], key[2] = high, low, head[_H_SUB_AGENT]
    head[_H_AGENT] = intern(agents, key, True)
    if head[_H_AGENT] < 0:
        drop(tally, -1, _TOO_MANY_AGENTS)
        return -1
    return place + 12


@uncounted
def _flow_head(data: Any, place: Any, expanded: Any, sample: Any) -> Any:
    """The header of a flow sample; the place after it."""
    sample[_S_KIND] = _FLOW
    sample[_S_SEQUENCE] = u32(data, place)
    if expanded:
        sample[_S_SOURCE_TYPE] = u32(data, place + 4)
        sample[_S_SOURCE_INDEX] = u32(data, place + 8)
        sample[_S_INPUT_FORMAT] = u32(data, place + 24)
        sample[_S_INPUT] = u32(data, place + 28)
        sample[_S_OUTPUT_FORMAT] = u32(data, place + 32)
        sample[_S_OUTPUT] = u32(data, place + 36)
        place += 12
    else:
        source, received, sent = u32(data, place + 4), u32(data, place + 20), u32(data, place + 24)
        sample[_S_SOURCE_TYPE] = source >> 24
        sample[_S_SOURCE_INDEX] = source & 0xFFFFFF
        sample[_S_INPUT_FORMAT] = received >> 30
        sample[_S_INPUT] = received & 0x3FFFFFFF
        sample[_S_OUTPUT_FORMAT] = sent >> 30
        sample[_S_OUTPUT] = sent & 0x3FFFFFFF
        place += 8
    sample[_S_RATE] = u32(data, place)
    sample[_S_POOL] = u32(data, place + 4)
    sample[_S_DROPS] = u32(data, place + 8)
    return place + (32 if expanded else 24)


@uncounted
def _discard_head(data: Any, place: Any, sample: Any) -> Any:
    """The header of a discarded packet (sFlow Dropped Packet Notification); the place after it."""
    sample[_S_KIND] = _DISCARD
    sample[_S_SEQUENCE] = u32(data, place)
    sample[_S_SOURCE_TYPE] = u32(data, place + 4)
    sample[_S_SOURCE_INDEX] = u32(data, place + 8)
    sample[_S_DROPS] = u32(data, place + 12)
    sample[_S_INPUT_FORMAT] = 0
    sample[_S_INPUT] = u32(data, place + 16)
    sample[_S_OUTPUT_FORMAT] = 0
    sample[_S_OUTPUT] = u32(data, place + 20)
    sample[_S_REASON] = u32(data, place + 24)
    # Every dropped packet is told of, up to a limit that the agent counts in its drops.
    sample[_S_RATE] = 1
    sample[_S_POOL] = 0
    return place + 32


@uncounted
def _counters_head(data: Any, place: Any, expanded: Any, sample: Any) -> Any:
    sample[_S_KIND] = _COUNTERS
    sample[_S_SEQUENCE] = u32(data, place)
    if expanded:
        sample[_S_SOURCE_TYPE] = u32(data, place + 4)
        sample[_S_SOURCE_INDEX] = u32(data, place + 8)
        return place + 16
    source = u32(data, place + 4)
    sample[_S_SOURCE_TYPE] = source >> 24
    sample[_S_SOURCE_INDEX] = source & 0xFFFFFF
    return place + 12


@uncounted
def _header_length(kind: Any) -> Any:
    """Bytes of a sample's header by its format, -1 where the format is not read."""
    if kind == _FLOW_SAMPLE:
        return _FLOW_HEADER
    if kind == _COUNTERS_SAMPLE:
        return _COUNTERS_HEADER
    if kind == _EXPANDED_FLOW_SAMPLE:
        return _EXPANDED_FLOW_HEADER
    if kind == _EXPANDED_COUNTERS_SAMPLE:
        return _EXPANDED_COUNTERS_HEADER
    if kind == _DISCARDED_PACKET:
        return _DISCARDED_HEADER
    return -1


@uncounted
def _read_sample(
    data: Any, kind: Any, start: Any, end: Any, agent: Any, sample: Any, tally: Any
) -> Any:
    """Fill a sample; whether it can be read."""
    header = _header_length(kind)
    if header < 0:
        drop(tally, agent, _UNKNOWN_SAMPLE)
        return False
    if end - start < header:
        drop(tally, agent, _SAMPLE_CUT)
        return False
    if kind in (_COUNTERS_SAMPLE, _EXPANDED_COUNTERS_SAMPLE):
        after = _counters_head(data, start, kind == _EXPANDED_COUNTERS_SAMPLE, sample)
    elif kind == _DISCARDED_PACKET:
        after = _discard_head(data, start, sample)
    else:
        after = _flow_head(data, start, kind == _EXPANDED_FLOW_SAMPLE, sample)
    sample[_S_RECORDS] = u32(data, after - 4)
    sample[_S_START] = after
    sample[_S_END] = end
    return True


@uncounted
def _samples(
    data: Any, start: Any, end: Any, datagram: Any, head: Any, samples: Any, k: Any, tally: Any
) -> Any:
    """Append a datagram's samples from row ``k`` on; the next free row, or -1."""
    agent = head[_H_AGENT]
    count = u32(data, start)
    start += 4
    while count > 0 and end - start >= 8:
        kind, length = u32(data, start), u32(data, start + 4)
        start += 8
        if length > end - start:
            break
        if k >= samples.shape[0]:
            return -1
        if _read_sample(data, kind, start, start + length, agent, samples[k], tally):
            samples[k, _S_HEAD] = datagram
            head[_H_ROWS] += samples[k, _S_KIND] != _COUNTERS
            k += 1
        start += (length + 3) & -4
        count -= 1
    if count > 0:
        drop(tally, agent, _DATAGRAM_CUT)
    elif start < end:
        drop(tally, agent, _BYTES_AFTER_SAMPLES)
    return k


@kernel
def walk(
    data: Any, offsets: Any, source: Any, agents: Any, heads: Any, samples: Any, tally: Any
) -> Any:
    """Fill ``heads`` and ``samples``; the number of samples, or -1 if ``samples`` is too short.

    ``data`` is the address of the slab's first byte; ``offsets`` int64 (n + 1,), ``source`` int64
    (n, 2), the senders' addresses.
    """
    k = 0
    key = np.zeros(3, np.int64)
    counts = tally.ctypes.data
    for i in range(offsets.shape[0] - 1):
        head = heads[i]
        head[_H_ROWS] = 0
        end = offsets[i + 1]
        start = _read_head(data, offsets[i], end, source[i], agents, key, head, counts)
        if start >= 0:
            k = _samples(data, start, end, i, head, samples, k, counts)
            if k < 0:
                return k
    return k
