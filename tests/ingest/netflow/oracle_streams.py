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
    last: int = 0
    of_the_last: bool = False
    votes: int | None = 0
    held: int = 0

    def first(self, number: int, units: int) -> int:
        """The number of a datagram's first unit, whatever number it has itself."""
        return (number - units) % 2**32 if self.of_the_last else number

    def ahead(self, number: int, units: int) -> int:
        assert self.expected is not None
        return signed(self.first(number, units) - self.expected)

    def may_be_of_the_last(self, number: int, units: int) -> bool:
        following = (self.last + units) % 2**32
        return self.votes is not None and units > 0 and number == following

    def vote(self, number: int, units: int) -> int | None:
        """What is shown to be lost by what numbers count; None while that is not known."""
        ahead = self.ahead(number, units)
        if self.may_be_of_the_last(number, units):
            if ahead < 0:
                self.votes, self.of_the_last = None, True
                return None
            assert self.votes is not None
            if ahead > 0 and self.votes < 8:
                self.votes += 1
                self.held += ahead
                return None
            if ahead == 0:
                return 0
        elif ahead != 0:
            return 0
        self.votes = None
        return self.held

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
        stream = self.stream_of(port, number, units)
        self.turn += 1
        stream.seen = self.turn
        stream.stayed += 1
        late = False
        if stream.expected is not None:
            late = self.check(stream, number, units)
            self.settle(stream)
        if not late:
            stream.expected = (number + (0 if stream.of_the_last else units)) % 2**32
            stream.last = number

    def check(self, stream: Stream, number: int, units: int) -> bool:
        if stream.votes is not None:
            lost = stream.vote(number, units)
            if lost is None and stream.of_the_last:
                stream.gaps = [(0, 0)] * GAPS
                return False
            if lost is None:
                assert stream.expected is not None
                stream.remember(stream.expected, stream.ahead(number, units))
                return False
            self.events["lost"] += lost
        return self.judge(stream, stream.first(number, units), units)

    def judge(self, stream: Stream, number: int, units: int) -> bool:
        assert stream.expected is not None
        ahead = signed(number - stream.expected)
        if ahead < -WINDOW or ahead > FARTHEST:
            self.events["restarted"] += 1
            stream.gaps = [(0, 0)] * GAPS
        elif ahead < 0:
            filled = stream.fill(number, units)
            self.events["late"] += filled
            self.events["duplicate"] += units - filled
            return True
        elif ahead > 0:
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

    def stream_of(self, port: int, number: int, units: int) -> Stream:
        known = next((stream for stream in self.streams if stream.port == port), None)
        if known is not None:
            if (
                len(self.streams) == 1
                or known.ahead(number, units) <= 0
                or known.may_be_of_the_last(number, units)
            ):
                return known
            other, ahead = self.going_on(number, units)
            if other is None or other is known or ahead != 0:
                return known
            self.streams.remove(known)
            self.move(other, port)
            return other
        other, ahead = self.going_on(number, units)
        if other is not None:
            if ahead == 0 or (ahead > 0 and other.wanders):
                self.move(other, port)
            if ahead <= 0 or other.port == port:
                return other
        if len(self.streams) == self.most:
            chosen = sorted(self.streams, key=lambda stream: stream.seen)
            for stream in chosen[: max(1, self.most // 16)]:
                self.streams.remove(stream)
            return self.stream_of(port, number, units)
        return self.begin(port, other, ahead)

    def begin(self, port: int, other: Stream | None, ahead: int) -> Stream:
        stream = Stream(port)
        self.streams.insert(0, stream)
        if other is not None:
            stream.moves = other.moves
            stream.claim = other, ahead, self.turn
            stream.patience = 8
        return stream

    def going_on(self, number: int, units: int) -> tuple[Stream | None, int]:
        best, least = None, WINDOW + 1
        for stream in self.streams[:32]:
            if least == 0:
                break
            ahead, first = stream.ahead(number, units), stream.first(number, units)
            if 0 <= ahead < least:
                best, least = stream, ahead
            elif -WINDOW <= ahead < 0 and stream.wanders and stream.gap_of(first) is not None:
                return stream, ahead
        return best, least

    def move(self, stream: Stream, port: int) -> None:
        stream.port = port
        stream.stayed = 0
        stream.moves += 1
        if stream.claim is not None:
            stream.patience = 1
