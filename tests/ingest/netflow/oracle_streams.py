"""Which stream a number belongs to, slowly: plain objects in a list, the newest first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

WINDOW = 4096
FARTHEST = 1 << 24
GAPS = 16


def signed(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31


@dataclass(eq=False)
class Stream:
    """One stream of NetFlow v5 datagrams, whose uptimes never change."""

    port: int
    expected: int | None = None
    seen: int = 0
    stayed: int = 1 << 40
    moves: int = 0
    owed: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)] * GAPS)
    oldest: int = 0
    claim: tuple[Stream, int, int] | None = None
    patience: int = 0

    def ahead(self, number: int) -> int:
        assert self.expected is not None
        return signed(number - self.expected)

    @property
    def wanders(self) -> bool:
        return self.moves >= 2 and self.stayed <= 16

    def remember(self, start: int, units: int) -> None:
        self.gaps[self.oldest] = start, units
        self.oldest = (self.oldest + 1) % GAPS

    def gap_of(self, number: int) -> int | None:
        for index, (start, units) in enumerate(self.gaps):
            if (number - start) % 2**32 < units:
                return index
        return None

    def fill(self, number: int, units: int) -> int:
        index = self.gap_of(number)
        if index is None:
            return 0
        start, length = self.gaps[index]
        before = (number - start) % 2**32
        filled = min(units, length - before)
        after = (number + filled) % 2**32, length - before - filled
        self.gaps[index] = (start, before) if before else after
        if before and after[1]:
            self.remember(*after)
        return filled


class StreamOracle:
    """Follows one source's numbers as the fast way does."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.streams: list[Stream] = []
        self.turn = 0
        self.events: Counter[str] = Counter()

    def counted(self) -> dict[str, int]:
        return {event: count for event, count in self.events.items() if count}

    def follow(self, port: int, number: int, units: int) -> None:
        stream = self.stream_of(port, number)
        self.turn += 1
        stream.seen = self.turn
        stream.stayed += 1
        late = False
        if stream.expected is not None:
            late = self.judge(stream, number, units)
            self.settle(stream)
        if not late:
            stream.expected = (number + units) % 2**32

    def judge(self, stream: Stream, number: int, units: int) -> bool:
        ahead = stream.ahead(number)
        if ahead < -WINDOW or ahead > FARTHEST:
            self.events["restarted"] += 1
            stream.gaps = [(0, 0)] * GAPS
        elif ahead < 0:
            filled = stream.fill(number, units)
            self.events["late"] += filled
            self.events["duplicate"] += units - filled
            return True
        elif ahead > 0:
            assert stream.expected is not None
            self.events["lost"] += ahead
            stream.remember(stream.expected, ahead)
        return False

    def settle(self, stream: Stream) -> None:
        self.events["late"] += stream.owed
        stream.owed = 0
        if stream.claim is None:
            return
        claimed, units, turn = stream.claim
        if claimed not in self.streams or claimed.seen > turn:
            stream.claim = None
            return
        stream.patience -= 1
        if stream.patience <= 0:
            stream.claim = None
            claimed.owed += units
            self.events["lost"] += units

    def stream_of(self, port: int, number: int) -> Stream:
        known = next((stream for stream in self.streams if stream.port == port), None)
        if known is not None:
            if len(self.streams) == 1 or known.ahead(number) <= 0:
                return known
            other, ahead = self.going_on(number)
            if other is None or other is known or ahead != 0:
                return known
            self.streams.remove(known)
            self.move(other, port)
            return other
        other, ahead = self.going_on(number)
        if other is not None:
            if ahead == 0 or (ahead > 0 and other.wanders):
                self.move(other, port)
            if ahead <= 0 or other.port == port:
                return other
        if len(self.streams) == self.most:
            chosen = sorted(self.streams, key=lambda stream: stream.seen)
            for stream in chosen[: max(1, self.most // 16)]:
                self.streams.remove(stream)
            return self.stream_of(port, number)
        return self.begin(port, other, ahead)

    def begin(self, port: int, other: Stream | None, ahead: int) -> Stream:
        stream = Stream(port)
        self.streams.insert(0, stream)
        if other is not None:
            stream.moves = other.moves
            stream.claim = other, ahead, self.turn
            stream.patience = 8
        return stream

    def going_on(self, number: int) -> tuple[Stream | None, int]:
        best, least = None, WINDOW + 1
        for stream in self.streams[:32]:
            if least == 0:
                break
            ahead = stream.ahead(number)
            if 0 <= ahead < least:
                best, least = stream, ahead
            elif -WINDOW <= ahead < 0 and stream.wanders and stream.gap_of(number) is not None:
                return stream, ahead
        return best, least

    def move(self, stream: Stream, port: int) -> None:
        stream.port = port
        stream.stayed = 0
        stream.moves += 1
        if stream.claim is not None:
            stream.patience = 1
