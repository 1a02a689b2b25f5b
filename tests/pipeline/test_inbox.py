from __future__ import annotations

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.prometheus import Scrape
from sensorium.model.address import pack_address
from sensorium.observe import Observe
from sensorium.pipeline.config import InboxConfig
from sensorium.pipeline.inbox import Inbox

SECOND = 1_000_000_000
NOW = 1_800_000_000 * SECOND


def datagrams(*arrivals: int, size: int = 8) -> Datagrams:
    payloads = [bytes([i % 251]) * size for i, _ in enumerate(arrivals)]
    return Datagrams.of(
        payloads, arrival_ns=list(arrivals), src_addr=[bytes(16)] * len(arrivals), dst_port=2055
    )


def inbox(observe: Observe, config: InboxConfig | None = None) -> Inbox:
    return Inbox(config or InboxConfig(), observe, lambda: NOW)


def test_slabs_are_joined_in_the_order_in_which_they_came() -> None:
    box = inbox(Observe())
    box.put_datagrams(datagrams(NOW - 3, NOW - 2))
    box.put_datagrams(datagrams(NOW - 1))
    arrivals, _ = box.take(0)
    assert arrivals is not None
    assert arrivals.datagrams.arrival_ns.tolist() == [NOW - 3, NOW - 2, NOW - 1]
    assert [arrivals.datagrams.payload(i) for i in range(3)] == [b"\0" * 8, b"\1" * 8, b"\0" * 8]


def test_what_does_not_fit_is_dropped_whole_and_counted() -> None:
    observe = Observe()
    box = inbox(observe, InboxConfig(max_datagrams=2))
    box.put_datagrams(datagrams(NOW, NOW))
    box.put_datagrams(datagrams(NOW))
    arrivals, _ = box.take(0)
    assert arrivals is not None
    assert len(arrivals.datagrams) == 2
    labels = {"protocol": "udp", "reason": "queue_full"}
    assert observe.value("sensorium_ingest_dropped_total", labels) == 1


def test_senders_that_can_wait_are_asked_to_before_anything_is_dropped() -> None:
    box = inbox(Observe(), InboxConfig(max_datagrams=8, busy_fraction=0.25))
    box.put_datagrams(datagrams(NOW, NOW))
    assert not box.busy()
    box.put_datagrams(datagrams(NOW))
    assert box.busy()
    box.take(0)
    assert not box.busy()


def test_senders_that_can_wait_are_asked_to_while_the_store_is_behind() -> None:
    behind = True
    box = Inbox(InboxConfig(), Observe(), lambda: NOW, store_behind=lambda: behind)
    assert box.busy()
    behind = False
    assert not box.busy()


def test_event_time_follows_the_clock_while_arrivals_are_of_now() -> None:
    box = inbox(Observe())
    box.put_datagrams(datagrams(NOW - SECOND))
    assert box.take(0)[0].through_ns == NOW  # type: ignore[union-attr]
    # Nothing more came, and silence still moves time on.
    assert box.take(0)[0].through_ns == NOW  # type: ignore[union-attr]


def test_event_time_stays_with_the_arrivals_of_a_replayed_past() -> None:
    box = inbox(Observe())
    past = NOW - 86_400 * SECOND
    box.put_datagrams(datagrams(past))
    box.put_scrape(Scrape(past + SECOND, "node", "10.0.0.1:9100", 200, b"", 0))
    arrivals, end_ns = box.take(0)
    assert arrivals is not None
    assert arrivals.through_ns == past + SECOND
    assert end_ns == 0
    box.put_end(past + 9)
    assert box.take(0)[1] == past + 9


def test_an_empty_inbox_gives_nothing() -> None:
    assert inbox(Observe()).take(0) == (None, 0)


def test_what_there_was_no_room_for_is_known_by_its_source() -> None:
    box = inbox(Observe(), InboxConfig(max_datagrams=2))
    sources = [pack_address(text) for text in ("10.0.0.1", "10.0.0.2", "10.0.0.1")]
    box.put_datagrams(Datagrams.of([b"x"] * 3, arrival_ns=[NOW] * 3, src_addr=sources))
    assert box.drops_by_source() == {sources[0]: {"queue_full": 2}, sources[1]: {"queue_full": 1}}


@pytest.mark.parametrize("turn_bytes", [1, 7, 8, 20, 24, 1000])
def test_a_backlog_is_taken_in_pieces_of_a_bounded_size_in_order(turn_bytes: int) -> None:
    observe = Observe()
    box = inbox(observe, InboxConfig(turn_bytes=turn_bytes))
    sizes = [3, 1, 4, 0, 2]
    waiting, at = 0, 0
    for size in sizes:
        box.put_datagrams(datagrams(*range(NOW + at, NOW + at + size)))
        at += size
        waiting += size
    seen, pieces = list[int](), 0
    while box.pieces():
        arrivals, _ = box.take(0)
        assert arrivals is not None
        taken = arrivals.datagrams
        assert len(taken) == 1 or 0 < taken.data.nbytes <= turn_bytes
        seen += (taken.arrival_ns - NOW).tolist()
        pieces += 1
        waiting -= len(taken)
        assert observe.value("sensorium_inbox_datagrams") == waiting
    assert seen == list(range(at))
    assert pieces == -(-at // max(turn_bytes // 8, 1))


def test_room_is_there_again_as_soon_as_a_piece_was_taken() -> None:
    observe = Observe()
    box = inbox(observe, InboxConfig(max_datagrams=4, turn_bytes=16))
    box.put_datagrams(datagrams(*[NOW] * 4))
    box.take(0)
    box.put_datagrams(datagrams(NOW, NOW))
    assert observe.value("sensorium_inbox_datagrams") == 4
    labels = {"protocol": "udp", "reason": "queue_full"}
    assert observe.value("sensorium_ingest_dropped_total", labels) == 0


def test_neither_event_time_nor_the_end_of_a_replay_overtakes_what_is_left() -> None:
    box = inbox(Observe(), InboxConfig(turn_bytes=16))
    past = NOW - 86_400 * SECOND
    # Two workers' slabs: the second began before the first.
    box.put_datagrams(datagrams(past + 4, past + 5))
    box.put_datagrams(datagrams(past + 2, past + 6))
    box.put_scrape(Scrape(past + 8, "node", "10.0.0.1:9100", 200, b"", 0))
    box.put_end(past + 9)
    first, end_ns = box.take(0)
    assert first is not None
    assert (len(first.scrapes), first.through_ns, end_ns) == (1, past + 2, 0)
    second, end_ns = box.take(0)
    assert second is not None
    assert second.datagrams.arrival_ns.tolist() == [past + 2, past + 6]
    assert (second.through_ns, end_ns) == (past + 8, past + 9)


def test_event_time_waits_for_what_is_left_while_arrivals_are_of_now() -> None:
    box = inbox(Observe(), InboxConfig(turn_bytes=8))
    box.put_datagrams(datagrams(NOW - 2 * SECOND, NOW - SECOND))
    assert box.take(0)[0].through_ns == NOW - SECOND  # type: ignore[union-attr]
    assert box.take(0)[0].through_ns == NOW  # type: ignore[union-attr]
