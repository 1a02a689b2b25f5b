"""Which beacons are found in a made network, how soon, and what else passes as one.

A network of people, servers and devices (``benchmarks/beacons/network.py``) is watched for eight
hours; then a beacon is planted, one at a time, and watched for twelve more, by the detector with
its gate, as the engine runs them. Beside it the score of RITA for the same calls over all hours, at
the threshold that gives as many false alarms as the detector has: among all pairs, and among those
that began after the eight hours and whose service has three clients at most, which is not RITA's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from statistics import median

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.beacons.network import HOUR, Beacon, everyday, planted
from benchmarks.beacons.rita import rita_score
from benchmarks.beacons.watching import WINDOW_NS, Watch, Windows, cut, seconds_to_find, until
from benchmarks.report import Claim, arguments, report
from sensorium.detect.testing import START_NS, Talks, flow_batch

HOURS, BEFORE = 20, 8
QUICK_HOURS, QUICK_BEFORE = 11, 5
PAUSES, JITTERS, MISSED, SEEDS = (10, 60, 300, 900, 3600), (0.0, 0.1, 0.3, 0.5), (0.0, 0.2), 3
QUICK_PAUSES, QUICK_JITTERS, QUICK_MISSED, QUICK_SEEDS = (60, 300), (0.1, 0.3), (0.0,), 1
_FEW_CLIENTS = 3
_PROGRAMS = "198.19."
Scores = npt.NDArray[np.float64]
Told = npt.NDArray[np.bool_]
_FIRST = START_NS // WINDOW_NS
_WINDOWS_AN_HOUR = int(HOUR * 1e9) // WINDOW_NS


@dataclass(slots=True)
class Tried:
    """How beacons of one kind came out: seconds to find each, None where it was not found, and
    what RITA scores it."""

    seconds: list[float | None] = field(default_factory=list)
    rita: list[float] = field(default_factory=list)

    @property
    def found(self) -> float:
        """The share that was found."""
        return sum(one is not None for one in self.seconds) / len(self.seconds)

    def told(self, threshold: float) -> str:
        """Found, minutes to find, and what RITA finds, for people."""
        found = [one for one in self.seconds if one is not None]
        soon = f" {median(found) / 60:.0f} min" if found else ""
        theirs = np.mean([score > threshold for score in self.rita])
        return f"{self.found:.0%}{soon} ({theirs:.0%})"


@dataclass(frozen=True, slots=True)
class Course:
    """How long the network is watched, and how long of that before a beacon comes."""

    hours: int
    before: int


def background_scores(talks: Talks, course: Course) -> tuple[Scores, Told]:
    """RITA's score of every pair and port of the background, and which of them are new and of a
    service that few clients share."""
    services: dict[tuple[str, int], set[str]] = {}
    calls: dict[tuple[str, str, int], list[int]] = {}
    for row, key in enumerate(zip(talks.client, talks.server, talks.port.tolist(), strict=True)):
        calls.setdefault(key, []).append(row)
        services.setdefault(key[1:], set()).add(key[0])
    scores = [
        rita_score(talks.at[rows], talks.up[rows].astype(float), 0.0, course.hours)
        for rows in calls.values()
    ]
    odd = [
        len(services[key[1:]]) <= _FEW_CLIENTS and talks.at[rows].min() >= course.before * HOUR
        for key, rows in calls.items()
    ]
    return np.array(scores), np.array(odd)


def try_out(watch: Watch, windows: Windows, beacon: Beacon, seeds: int, course: Course) -> Tried:
    """Plant one kind of beacon several times."""
    tried = Tried()
    for seed in range(seeds):
        begin, end = course.before * HOUR, course.hours * HOUR
        tried.seconds.append(seconds_to_find(beacon, seed, watch, windows, begin, end))
        rng = np.random.default_rng(seed)
        talks = planted(beacon, rng, begin + rng.uniform(0, 1800), end)
        tried.rita.append(rita_score(talks.at, talks.up.astype(float), 0.0, course.hours))
    return tried


def show(tried: dict[Beacon, Tried], threshold: float) -> None:
    """Print the table: rows by pause and missed beats, columns by jitter."""
    table = Table(title="found, median time to find (in brackets: found by RITA's score)")
    table.add_column("every")
    table.add_column("missed", justify="right")
    jitters = sorted({beacon.jitter for beacon in tried})
    for jitter in jitters:
        table.add_column(f"jitter {jitter:.0%}", justify="right")
    for pause, missed in sorted({(b.pause, b.missed) for b in tried}):
        cells = [tried[Beacon(pause, jitter, missed)].told(threshold) for jitter in jitters]
        table.add_row(f"{pause:,.0f} s", f"{missed:.0%}", *cells)
    Console(width=110).print(table)


def main() -> None:
    """Watch, plant and compare."""
    pa.set_cpu_count(1)
    quick = arguments(__doc__).quick
    course = Course(QUICK_HOURS, QUICK_BEFORE) if quick else Course(HOURS, BEFORE)
    rng = np.random.default_rng(1)
    talks = everyday(rng, course.hours)
    windows = cut(flow_batch(talks, rng))
    watch, last = Watch(), max(windows) + 1
    begin = _FIRST + course.before * _WINDOWS_AN_HOUR
    for _ in until(watch, windows, _FIRST, begin):
        pass
    kinds = product(PAUSES, JITTERS, MISSED)
    if quick:
        kinds = product(QUICK_PAUSES, QUICK_JITTERS, QUICK_MISSED)
    seeds = QUICK_SEEDS if quick else SEEDS
    tried = {
        kind: try_out(watch, windows, kind, seeds, course)
        for kind in (Beacon(*kind) for kind in kinds)
    }
    for _ in until(watch, windows, begin, last):
        pass
    conclude(talks, course, watch, tried)


def conclude(talks: Talks, course: Course, watch: Watch, tried: dict[Beacon, Tried]) -> None:
    """Tell what was found, what passed that was none, and what RITA's score makes of it all."""
    made = {server for server in talks.server.tolist() if server.startswith(_PROGRAMS)}
    programs = {pair for pair in watch.passed if pair.partition(">")[2] in made}
    false = len(watch.passed) - len(programs)
    scores, odd = background_scores(talks, course)
    at_all = float(np.sort(scores)[-false - 1])
    at_odd = float(np.sort(scores[odd])[-false - 1])
    show(tried, at_odd)
    Console(width=110).print(
        f"newly installed programs that call regularly, each alone: {len(made)}, of which"
        f" {len(programs)} passed (not counted as false alarms)\n"
        f"pairs of the background that RITA scores above 0.75: {(scores > 0.75).sum():,},"
        f" of new and rare ones {(scores[odd] > 0.75).sum():,}"
    )
    usual = [t for kind, t in tried.items() if kind.jitter <= 0.3 and kind.pause <= 900]
    ours = float(np.mean([t.found for t in usual]))
    theirs = [float(np.mean([s > at for t in usual for s in t.rita])) for at in (at_all, at_odd)]
    name = "found of beacons to 15 min and 30 % jitter"
    report(
        "Beacons",
        [
            Claim(name, ours, "", "RITA's score, all pairs", theirs[0], goal=">= 0.9"),
            Claim(name, ours, "", "RITA's score, new and rare pairs", theirs[1]),
            Claim("false alarms a day", false * 24 / course.hours, "a day", goal="<= 5"),
        ],
    )


if __name__ == "__main__":
    main()
