"""The bounded meeting point of the receiving event loop and the pipeline's thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.prometheus import Scrape
from sensorium.ingest.transport.source_drops import SourceDrops
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import EMPTY, Announcement, Arrivals
from sensorium.pipeline.config import InboxConfig

if TYPE_CHECKING:
    from sensorium.ingest.journal import Segment

SECOND = 1_000_000_000
# Bytes of arrival, address, ports and offset.
_OF_EACH = 36


@dataclass(slots=True)
class _Waiting:
    slabs: deque[Datagrams] = field(default_factory=deque)
    messages: list[Datagrams] = field(default_factory=list)
    flow_messages: list[Datagrams] = field(default_factory=list)
    scrapes: list[Scrape] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    datagrams: int = 0
    size: int = 0
    end_ns: int = 0


class Journalled(Protocol):
    """What acknowledged rows wait in; they are fetched when the pipeline is ready for them."""

    def take(self) -> Sequence[Segment]:
        """Segments that are due, as many as may be in memory at once."""

    def finish(self) -> None:
        """Make all that was accepted due."""


class Inbox:
    """Filled by the receivers, emptied by the pipeline's thread.

    What one turn decodes is bounded: a pipeline that has fallen behind catches up in pieces whose
    memory is used again and again, and there is room in the inbox after each.

    ``store_behind`` says that what is taken may soon have to be given up, as the store cannot be
    written: senders that can wait then should.

    Event time follows the arrivals. While they arrive as they happen it also follows the clock,
    so that silence closes windows; while somebody replays the past it does not.
    """

    def __init__(
        self,
        config: InboxConfig,
        observe: Observe,
        clock_ns: Callable[[], int],
        journal: Journalled | None = None,
        *,
        store_behind: Callable[[], bool] = lambda: False,
    ) -> None:
        self._config = config
        self._journal = journal
        self._store_behind = store_behind
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._waiting = _Waiting()
        self._newest_ns = self._set_back_ns = 0
        self._replaying = False
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )
        self._refused = SourceDrops(("queue_full",))
        self._depth = observe.gauge("sensorium_inbox_datagrams", "Datagrams waiting to be decoded")

    def put_datagrams(self, datagrams: Datagrams) -> None:
        """Add a slab, or drop all of it, counted, where there is no room."""
        if not len(datagrams):
            return
        with self._lock:
            waiting = self._waiting
            if (
                waiting.datagrams + len(datagrams) > self._config.max_datagrams
                or waiting.size + datagrams.data.nbytes > self._config.max_bytes
            ):
                self._dropped.labels("udp", "queue_full").inc(len(datagrams))
                self._refused.add("queue_full", datagrams.src_addr)
                return
            waiting.slabs.append(datagrams)
            waiting.datagrams += len(datagrams)
            waiting.size += datagrams.data.nbytes
            self._seen(int(datagrams.arrival_ns.max()))
            self._depth.set(waiting.datagrams)
        self._filled.set()

    def drops_by_source(self) -> Mapping[bytes, Mapping[str, int]]:
        """For each source, 16 bytes, how many datagrams there was no room for, by reason."""
        return self._refused.by_source()

    def put_messages(self, messages: Datagrams) -> None:
        """Add syslog messages of a stream, which can wait: ask :meth:`busy` before reading more.

        They are taken even where there is no room, since their sender cannot send them again.
        """
        if len(messages):
            with self._lock:
                self._waiting.messages.append(messages)
                self._weigh(messages)
            self._filled.set()

    def put_flow_messages(self, messages: Datagrams) -> None:
        """Add IPFIX messages of transport sessions: they can wait as :meth:`put_messages` says."""
        if len(messages):
            with self._lock:
                self._waiting.flow_messages.append(messages)
                self._weigh(messages)
            self._filled.set()

    def _weigh(self, messages: Datagrams) -> None:
        # Short messages weigh less than what is known of each.
        self._waiting.size += messages.data.nbytes + _OF_EACH * len(messages)
        self._seen(int(messages.arrival_ns.max()))

    def put_scrape(self, scrape: Scrape) -> None:
        """Add one scrape."""
        with self._lock:
            self._waiting.scrapes.append(scrape)
            self._waiting.size += len(scrape.body)
            self._seen(scrape.time_ns)
        self._filled.set()

    def put_announcement(self, announcement: Announcement) -> None:
        """Add planned changes."""
        with self._lock:
            self._waiting.announcements.append(announcement)
        self._filled.set()

    def put_end(self, time_ns: int) -> None:
        """Say that a replayed stream ended at ``time_ns``: its last windows may close."""
        with self._lock:
            self._waiting.end_ns = max(self._waiting.end_ns, time_ns)
        self._filled.set()

    def busy(self) -> bool:
        """Whether a sender that can wait should."""
        waiting, config = self._waiting, self._config
        return (
            waiting.datagrams > config.max_datagrams * config.busy_fraction
            or waiting.size > config.max_bytes * config.busy_fraction
            or self._store_behind()
        )

    def take(self, timeout_s: float) -> tuple[Arrivals | None, int]:
        """What waits, of datagrams at most ``turn_bytes`` (None where nothing ever came), and the
        end of a replay, 0 for none.

        Event time stays behind the datagrams that are left for the next turn.
        """
        self._filled.wait(timeout_s)
        segments = () if self._journal is None else tuple(self._journal.take())
        with self._lock:
            for segment in segments:
                self._seen(segment.accepted_ns)
            waiting, self._waiting = self._waiting, _Waiting()
            slabs = _up_to(self._config.turn_bytes, waiting.slabs)
            through_ns = self._newest_ns
            if through_ns and not self._replaying:
                through_ns = max(through_ns, self._clock_ns())
            if waiting.slabs:
                oldest_ns = min(int(slab.arrival_ns.min()) for slab in waiting.slabs)
                through_ns = min(through_ns, oldest_ns)
                self._leave(waiting)
            else:
                self._filled.clear()
            self._depth.set(self._waiting.datagrams)
            nothing = not self._newest_ns and not waiting.announcements
        if nothing:
            return None, waiting.end_ns
        arrivals = Arrivals(
            through_ns=through_ns,
            datagrams=_joined(slabs),
            messages=_joined(waiting.messages),
            flow_messages=_joined(waiting.flow_messages),
            scrapes=tuple(waiting.scrapes),
            announcements=tuple(waiting.announcements),
            segments=segments,
        )
        return arrivals, waiting.end_ns

    def _leave(self, waiting: _Waiting) -> None:
        """Let the datagrams that a turn had no room for wait on, and the replay's end with them."""
        left = self._waiting
        left.slabs = waiting.slabs
        left.datagrams = sum(len(slab) for slab in left.slabs)
        left.size = sum(slab.data.nbytes for slab in left.slabs)
        left.end_ns, waiting.end_ns = waiting.end_ns, 0

    def pieces(self) -> int:
        """How many turns what waits would take by its size; 0 where nothing waits."""
        waiting = self._waiting
        return -(-max(waiting.size, waiting.datagrams) // self._config.turn_bytes)

    def set_back(self) -> None:
        """The clock was set back: event time goes on from what it says now.

        What arrived before and is yet to be taken does not carry it ahead again.
        """
        with self._lock:
            self._set_back_ns = max(self._newest_ns, self._set_back_ns)
            self._newest_ns = min(self._newest_ns, self._clock_ns())

    def finish(self) -> None:
        """Let the next :meth:`take` have all of the journal, for the last turns before a stop."""
        if self._journal is not None:
            self._journal.finish()

    def _seen(self, arrival_ns: int) -> None:
        now_ns = self._clock_ns()
        if arrival_ns <= self._set_back_ns:
            arrival_ns = min(arrival_ns, now_ns)
        self._replaying = now_ns - arrival_ns > 60 * SECOND
        self._newest_ns = max(self._newest_ns, arrival_ns)


def _up_to(room: int, slabs: deque[Datagrams]) -> list[Datagrams]:
    """The first datagrams, of ``room`` bytes or the first alone, taken out of ``slabs``."""
    taken = list[Datagrams]()
    while slabs:
        slab = slabs.popleft()
        if slab.data.nbytes > room:
            ends = slab.offsets[1:] - slab.offsets[0]
            fits = int(np.searchsorted(ends, room, side="right")) or int(not taken)
            if fits < len(slab):
                slabs.appendleft(slab.between(fits, len(slab)))
                slab = slab.between(0, fits)
        if not len(slab):
            break
        taken.append(slab)
        room -= slab.data.nbytes
    return taken


def _joined(slabs: list[Datagrams]) -> Datagrams:
    if not slabs:
        return EMPTY
    if len(slabs) == 1:
        return slabs[0]
    lengths = np.concatenate([np.diff(slab.offsets) for slab in slabs])
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    data = [slab.data[slab.offsets[0] : slab.offsets[-1]] for slab in slabs]
    return Datagrams(
        arrival_ns=np.concatenate([slab.arrival_ns for slab in slabs]),
        src_addr=np.concatenate([slab.src_addr for slab in slabs]),
        src_port=np.concatenate([slab.src_port for slab in slabs]),
        dst_port=np.concatenate([slab.dst_port for slab in slabs]),
        offsets=offsets,
        data=np.concatenate(data),
        session=_joined_sessions(slabs),
    )


def _joined_sessions(slabs: list[Datagrams]) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    """Slabs of one list have all sessions, or none."""
    sessions = [slab.session for slab in slabs if slab.session is not None]
    return np.concatenate(sessions) if sessions else None
