"""The series' detector written out plainly: the slow twin of its kernels."""

from __future__ import annotations

import math
from bisect import bisect_left

from sensorium.detect.series.scoring import Constants

CAPACITY, GRAIN, THINNED, MEMORY, FARTHEST = 4096, 1 / 4096, 1 / 1024, 200_000, 1000.0
QUARTER = 15 * 60 * 10**9
DAY = 86_400 * 10**9


def root(x: float) -> float:
    return math.copysign(math.sqrt(abs(x)), x)


class Known:
    def __init__(self) -> None:
        self.seen: dict[float, int] = {}
        self.swept = 0

    def nearest(self, x: float) -> float:
        return min(sorted(self.seen), key=lambda known: abs(known - x), default=math.nan)

    def novelty(self, x: float) -> float:
        if not self.seen or x in self.seen:
            return 0.0
        low, high = min(self.seen), max(self.seen)
        if low == high:
            return 1.0
        plain = min(abs(x - v) for v in self.seen) / (high - low)
        rooted = min(abs(root(x) - root(v)) for v in self.seen)
        spread = root(high) - root(low)
        return min(plain, rooted / spread if spread > 0 else math.inf, FARTHEST)

    def same(self, a: float, b: float, grain: float) -> bool:
        low, high = min(self.seen), max(self.seen)
        return a == b or (
            abs(a - b) <= grain * (high - low)
            and abs(root(a) - root(b)) <= grain * (root(high) - root(low))
        )

    def remember(self, x: float, row: int) -> None:
        if row - self.swept >= MEMORY // 8:
            self.seen = {v: at for v, at in self.seen.items() if at > row - MEMORY}
            self.swept = row
        values = sorted(self.seen)
        at = bisect_left(values, x)
        for neighbour in values[max(at - 1, 0) : at + 1]:
            if self.same(neighbour, x, GRAIN):
                self.seen[neighbour] = row
                return
        if len(values) == CAPACITY:
            self.thin(values)
        self.seen[x] = row

    def thin(self, values: list[float]) -> None:
        kept = {values[0]: self.seen[values[0]]}
        last = values[0]
        for v in values[1:]:
            if v != values[-1] and self.same(last, v, THINNED):
                kept[last] = max(kept[last], self.seen[v])
            else:
                kept[v] = self.seen[v]
                last = v
        self.seen = kept


class Rarity:
    def __init__(self, memory: float) -> None:
        self.scores: list[list[float]] = []  # score, weight
        self.memory = memory

    @staticmethod
    def bin(x: float) -> int:
        return 0 if x <= 1e-6 else min(int(16 * math.log2(x / 1e-6)) + 1, 479)

    def total(self) -> float:
        return sum(weight for _, weight in self.scores)

    def decades(self, x: float, least: float) -> float:
        total = self.total()
        bins: dict[int, list[list[float]]] = {}
        for score in self.scores:
            bins.setdefault(self.bin(score[0]), []).append(score)
        wanted = max(10.0, 0.02 * total)
        left, summed, threshold = wanted, 0.0, 0.0
        for at in sorted(bins, reverse=True):
            if left <= 0:
                break
            count = sum(w for _, w in bins[at])
            threshold = sum(s * w for s, w in bins[at]) / count
            summed += min(count, left) * threshold
            left -= count
        if x > threshold and total >= 100.0:
            scale = max(summed / wanted - threshold, least)
            p = math.log10(wanted / (total + 1)) - (x - threshold) / scale / math.log(10)
            return min(-p, 30.0)
        above = sum(w for s, w in self.scores if self.bin(s) >= self.bin(x))
        return -math.log10((above + 1) / (total + 1))

    def learn(self, x: float) -> None:
        if self.total() >= self.memory:
            for score in self.scores:
                score[1] /= 2
        self.scores.append([x, 1.0])


class Season:
    def __init__(self, days: int, visits: int) -> None:
        self.buckets = days * 96
        self.visits = visits
        self.past: dict[int, list[list[float]]] = {}
        self.present: dict[int, list[float]] = {}
        self.latest: dict[int, int] = {}

    @staticmethod
    def spread(values: list[float]) -> list[float]:
        """At most four, evenly spaced from the first."""
        kept: list[float] = []
        step = 1
        for n, value in enumerate(values):
            if n % step:
                continue
            if len(kept) == 4:
                kept, step = kept[::2], step * 2
            kept.append(value)
        return kept

    def expected(self, at: int, x: float) -> float:
        here, near = at // QUARTER, []
        for offset in range(-2, 3):
            bucket = (here + offset) % self.buckets
            if bucket in self.present and at - self.latest[bucket] >= self.buckets * QUARTER // 2:
                visit = self.spread(self.present.pop(bucket))
                self.past.setdefault(bucket, []).append(visit)
            for visit in self.past.get(bucket, [])[-self.visits :]:
                near += visit
        return min(near, key=lambda mean: abs(mean - x), default=math.nan)

    def visit(self, at: int, x: float) -> None:
        bucket = (at // QUARTER) % self.buckets
        self.present.setdefault(bucket, []).append(x)
        self.latest[bucket] = at


class SlowDetector:
    def __init__(self, covered: int) -> None:
        self.known = Known()
        self.day, self.week = Season(1, 14), Season(7, 8)
        self.day_rarity, self.week_rarity = Rarity(200_000), Rarity(200_000)
        self.rarity = Rarity(4_000)
        self.recent: list[float] = []
        self.rows, self.first, self.latest = 0, 0, 0
        self.alarms, self.last_alarm, self.alarm_score = 0.0, -(10**12), 0.0
        self.covered = covered

    def score(self, at: int | None, x: float) -> tuple[float, float, float]:
        """Score, oddness and decades of one row."""
        c = Constants()
        values = self.known.seen
        low, high = (min(values), max(values)) if values else (x, x)
        oddness = self.known.novelty(x) / c.new_share
        self.known.remember(x, self.rows)
        if at is not None:
            if self.rows == 0:
                self.first = at
            elif self.rows > 1:
                mean_step = (self.latest - self.first) / (self.rows - 1)
                if at - self.latest > 12 * mean_step:
                    self.recent = []
            self.recent = [*self.recent, x][-12:]
            mean = sum(self.recent[::-1]) / len(self.recent)
            age = at - self.first
            for season, rarity, enough, needed, unit in (
                (self.day, self.day_rarity, age >= 5 * DAY, 200, c.day_decades),
                (self.week, self.week_rarity, age >= 14 * DAY, 400, c.week_decades),
            ):
                usual = season.expected(at, mean)
                season.visit(at, mean)
                if enough and high > low and not math.isnan(usual):
                    away = min(abs(mean - usual) / (high - low), FARTHEST)
                    if rarity.total() >= needed:
                        oddness = max(oddness, rarity.decades(away, c.least_excess) / unit)
                    rarity.learn(away)
            self.latest = at
        decades = min(self.rarity.decades(oddness, 0.1), 12.0)
        if self.rows >= 100:
            self.rarity.learn(oddness)
        score = self.budget(oddness, c)
        self.rows += 1
        return score, oddness, decades

    def budget(self, oddness: float, c: Constants) -> float:
        self.alarms *= 0.5 ** (1 / c.half_life)
        score = oddness / (1 + c.dearer * self.alarms)
        apart = self.rows - self.last_alarm >= self.covered
        if not apart and score <= self.alarm_score:
            return 0.0
        if apart and score > 0.5:
            self.alarms += min(score, 1.0)
        if score >= 0.5 or (apart and score > 0):
            self.last_alarm, self.alarm_score = self.rows, score
        return score
