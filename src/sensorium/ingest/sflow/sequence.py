"""Sequence numbers: what was lost on the way, came late or twice, or began anew.

Datagrams are numbered per agent and sub-agent, samples per data source and kind of sample. A
number ahead of the expected one is a gap; one within the window behind came late, and pays back
what its gap was counted as, so that lost less late is what never came; one that was seen among
the last 62 is a duplicate. Anything farther off, or an uptime that went back, is a restart. With
a sample come the drops that its agent counted; their growth is counted per agent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel, uncounted
from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow.interning import intern
from sensorium.ingest.sflow.reasons import CODE, Drop
from sensorium.ingest.sflow.tally import drop

_TOO_MANY_DATA_SOURCES = CODE[Drop.TOO_MANY_DATA_SOURCES]

_H_AGENT = at.H_AGENT
_H_SEQUENCE = at.H_SEQUENCE
_H_UPTIME_MS = at.H_UPTIME_MS
_H_ROWS = at.H_ROWS
_H_EPOCH = at.H_EPOCH
_S_HEAD = at.S_HEAD
_S_KIND = at.S_KIND
_S_SEQUENCE = at.S_SEQUENCE
_S_SOURCE_TYPE = at.S_SOURCE_TYPE
_S_SOURCE_INDEX = at.S_SOURCE_INDEX
_S_RATE = at.S_RATE
_S_DROPS = at.S_DROPS
_COUNTERS = at.COUNTERS
_FLOW = at.FLOW
_A_DATAGRAMS = at.A_DATAGRAMS
_A_BYTES = at.A_BYTES
_A_ROWS = at.A_ROWS
_A_RATE = at.A_RATE
_A_LAST_SEEN = at.A_LAST_SEEN
_A_UPTIME_MS = at.A_UPTIME_MS
_LOST = at.LOST
_LATE = at.LATE
_DUPLICATE = at.DUPLICATE
_RESTARTED = at.RESTARTED
_SAMPLE_EVENTS = at.SAMPLE_EVENTS
_AGENT_DROPS = at.AGENT_DROPS
_Q_KNOWN = at.Q_KNOWN
_Q_NEXT = at.Q_NEXT
_Q_SEEN = at.Q_SEEN
_Q_DROPS = at.Q_DROPS
_Q_EPOCH = at.Q_EPOCH

_SEEN_BITS = 62
_SEEN_MASK = (1 << _SEEN_BITS) - 1
_FARTHEST_AHEAD = 1 << 24
_UPTIME_SLACK_MS = 10_000
_UPTIME_NEAR_WRAP = 0xF0000000


@uncounted
def _advance(run: Any, sequence: Any, window: Any, rebooted: Any, events: Any, first: Any) -> Any:
    """Take one number; whether it is the newest. Events are counted from column ``first`` on."""
    ahead = (sequence - run[_Q_NEXT]) & 0xFFFFFFFF
    ahead -= (ahead & 0x80000000) << 1
    known = run[_Q_KNOWN] == 1
    if known and (rebooted or ahead < -window or ahead > _FARTHEST_AHEAD):
        events[first + _RESTARTED] += 1
        known = False
    if known and ahead < 0:
        back = -ahead - 1
        if back < _SEEN_BITS and run[_Q_SEEN] >> back & 1:
            events[first + _DUPLICATE] += 1
        else:
            events[first + _LATE] += 1
            if back < _SEEN_BITS:
                run[_Q_SEEN] |= np.int64(1) << back
        return False
    if not known:
        run[_Q_SEEN] = 1
    elif ahead + 1 >= _SEEN_BITS:
        events[first + _LOST] += ahead
        run[_Q_SEEN] = 1
    else:
        events[first + _LOST] += ahead
        run[_Q_SEEN] = (run[_Q_SEEN] << (ahead + 1) | 1) & _SEEN_MASK
    run[_Q_KNOWN] = 1
    run[_Q_NEXT] = (sequence + 1) & 0xFFFFFFFF
    return True


@kernel
def follow_datagrams(
    heads: Any, offsets: Any, arrival: Any, runs: Any, agents: Any, window: Any, events: Any
) -> None:
    """Follow the numbers of a slab's datagrams, and note what came of each agent.

    ``runs`` int64 (agents, RUN_WIDTH), ``agents`` int64 (agents, AGENT_WIDTH), ``events`` int64
    (agents, EVENT_WIDTH) is counted into.
    """
    for i in range(heads.shape[0]):
        number = heads[i, _H_AGENT]
        if number < 0:
            continue
        agent = agents[number]
        uptime, before = heads[i, _H_UPTIME_MS], agent[_A_UPTIME_MS]
        rebooted = uptime < before - _UPTIME_SLACK_MS and before < _UPTIME_NEAR_WRAP
        if _advance(runs[number], heads[i, _H_SEQUENCE], window, rebooted, events[number], 0):
            agent[_A_UPTIME_MS] = uptime
        heads[i, _H_EPOCH] = events[number, _RESTARTED]
        agent[_A_DATAGRAMS] += 1
        agent[_A_BYTES] += offsets[i + 1] - offsets[i]
        agent[_A_ROWS] += heads[i, _H_ROWS]
        agent[_A_LAST_SEEN] = max(agent[_A_LAST_SEEN], arrival[i])


@kernel
def follow_samples(
    samples: Any,
    heads: Any,
    sources: Any,
    runs: Any,
    agents: Any,
    window: Any,
    events: Any,
    tally: Any,
) -> None:
    """Follow the numbers of a slab's samples; ``runs`` int64 (data sources, RUN_WIDTH)."""
    key = np.zeros(3, np.int64)
    for i in range(samples.shape[0]):
        sample = samples[i]
        agent = heads[sample[_S_HEAD], _H_AGENT]
        key[0] = agent
        key[1] = sample[_S_KIND] << 32 | sample[_S_SOURCE_TYPE]
        key[2] = sample[_S_SOURCE_INDEX]
        number = intern(sources, key, True)
        if number < 0:
            drop(tally.ctypes.data, agent, _TOO_MANY_DATA_SOURCES)
            continue
        run = runs[number]
        if run[_Q_EPOCH] != heads[sample[_S_HEAD], _H_EPOCH]:
            # The agent began anew, and so do the numbers of all its data sources.
            run[_Q_EPOCH] = heads[sample[_S_HEAD], _H_EPOCH]
            run[_Q_KNOWN] = 0
        restarts = events[agent, _SAMPLE_EVENTS + _RESTARTED]
        known = run[_Q_KNOWN] == 1
        newest = _advance(
            run, sample[_S_SEQUENCE], window, False, events[agent], _SAMPLE_EVENTS
        )  # fmt: skip
        if sample[_S_KIND] == _COUNTERS or not newest:
            continue
        if sample[_S_KIND] == _FLOW:
            agents[agent, _A_RATE] = sample[_S_RATE]
        restarted = events[agent, _SAMPLE_EVENTS + _RESTARTED] != restarts
        grown = (sample[_S_DROPS] - run[_Q_DROPS]) & 0xFFFFFFFF
        if known and not restarted and grown < 0x80000000:
            events[agent, _AGENT_DROPS] += grown
        run[_Q_DROPS] = sample[_S_DROPS]
