"""Metric series of one host together: what is found that no single series shows, and how often.

Made hosts have twenty series each, counters' rates and gauges, that follow three causes with some
noise of their own (12 %). For ten windows at a time some hosts are spoilt: *one* series is moved by
a factor towards where it more often is, so that only the others give it away, or *all* of them are
moved up and down by the factor's square root. Is the host told in the first five windows, by
``metrics.host`` and by any of the detectors of single series? What the latter tell just as often of
hosts that are not spoilt is chance, and is told too. All else are quiet windows.

Where the Server Machine Dataset is at hand, each machine is a host for as many windows as it has
minutes, the last 6,000 rows of its training first. What is labelled there is mostly a series that
goes far, which ``metrics.host`` leaves to others: what counts is how seldom the rest passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.table import Table

from benchmarks.detect_smd import folder
from benchmarks.following.follower import Follower, followers
from benchmarks.report import Claim, arguments, report, wide_console
from sensorium.detect.metrics.window import SeriesKind
from sensorium.detect.names import KIND_OF
from sensorium.model.entity_kind import EntityKind
from tests.detect.metrics.hosts import Hosts, caused

TOGETHER: Final = "metrics.host"
ALONE: Final = ("metrics.series", "metrics.first_move", "metrics.motion", "metrics.season")
FACTORS: Final = (1.5, 1.8, 2.2, 3.0)
HOSTS, SERIES, FIRST, EVERY, LASTS, SOON = 40, 20, 500, 25, 10, 5
_TRAINED: Final = 6_000

F64 = npt.NDArray[np.float64]


def followed(names: tuple[str, ...]) -> dict[str, Follower]:
    """The detectors of these names, which tell of hosts."""
    return followers(lambda detector: detector.name in names, lambda told: told.hosts[0])


@dataclass(frozen=True, slots=True)
class Spoilt:
    """One host that is spoilt from a window on."""

    host: int
    at: int
    factor: float
    one: bool


def spoil(logs: F64, rng: np.random.Generator) -> list[Spoilt]:
    """Spoil two hosts at a time of logarithms (windows, hosts, series) of values; which ones."""
    out = []
    for turn, at in enumerate(range(FIRST, len(logs) - 2 * LASTS, EVERY)):
        factor, span = FACTORS[turn % len(FACTORS)], slice(at, at + LASTS)
        one, all_ = rng.choice(HOSTS, 2, replace=False).tolist()
        series = int(rng.integers(SERIES))
        away = logs[at, one, series] - logs[:at, one, series].mean()
        logs[span, one, series] -= np.copysign(np.log(factor), away)
        logs[span, all_] += np.log(factor) / 2 * rng.choice([-1, 1], SERIES)
        out += [Spoilt(one, at, factor, True), Spoilt(all_, at, factor, False)]
    return out


def made(seed: int, windows: int) -> tuple[list[tuple[Spoilt, bool, bool, bool]], int, int, float]:
    """Each spoilt host, whether it is told together, alone, and alone by chance; of quiet windows
    of hosts how many passed, and how many there were; seconds of processor time of a host's."""
    rng = np.random.default_rng(seed)
    logs = np.stack([caused(rng, windows, SERIES) for _ in range(HOSTS)], axis=1)
    spoilt = spoil(logs, rng)
    hosts, detectors = Hosts(HOSTS, SERIES), followed((TOGETHER, *ALONE))
    for window in hosts.windows(logs):
        for each in detectors.values():
            each.take(window)
    together, alone = detectors[TOGETHER], [detectors[name] for name in ALONE]
    found = []
    for one in spoilt:
        name, before = hosts.names[one.host], one.at - EVERY
        by_chance = any(each.tells((name,), before, before + SOON) for each in alone)
        by_alone = any(each.tells((name,), one.at, one.at + SOON) for each in alone)
        found.append((one, together.tells((name,), one.at, one.at + SOON), by_alone, by_chance))
    busy = {(one.at + k, hosts.names[one.host]) for one in spoilt for k in range(3 * LASTS)}
    first = 60
    told = {(at, host) for host, ats in together.told.items() for at in ats if at >= first}
    spent = together.seconds / (HOSTS * windows)
    return found, len(told - busy), HOSTS * (windows - first) - len(busy), spent


def machine(path: Path, rows: int) -> tuple[float, float]:
    """Passed windows outside of and within labelled stretches, of a thousand each."""
    data = np.load(path, allow_pickle=False)
    values = np.concatenate([data["train"][-_TRAINED:], data["test"]]).astype(np.float64)[:rows]
    labelled = np.concatenate([np.zeros(_TRAINED, np.bool_), data["label"] > 0])[:rows]
    hosts, one = Hosts(1, values.shape[1], kind=SeriesKind.GAUGE), followed((TOGETHER,))[TOGETHER]
    for at, row in enumerate(values):
        one.take(hosts.window(at, row[None]))
    told = [at for ats in one.told.values() for at in ats]
    passed = np.isin(np.arange(len(values)), told)
    shares = [
        1000 * float(passed[kept].mean()) if kept.any() else 0.0 for kept in (~labelled, labelled)
    ]
    return shares[0], shares[1]


def main() -> None:
    quick = arguments(__doc__).quick
    assert all(KIND_OF[name] is EntityKind.SERIES for name in ALONE)
    windows, seeds = (640, 1) if quick else (1_000, 3)
    runs = [made(seed, windows) for seed in range(seeds)]
    every = [one for found, *_ in runs for one in found]
    table = Table(title="share of spoilt hosts told within five windows", title_justify="left")
    for heading in ("spoilt", "factor", TOGETHER, "single series", "single series, unspoilt"):
        table.add_column(heading)
    for alone in (True, False):
        for factor in FACTORS:
            rows = [one[1:] for one in every if (one[0].one, one[0].factor) == (alone, factor)]
            shares = [f"{share:.2f}" for share in np.mean(rows, axis=0)]
            table.add_row("one series" if alone else "all series", f"{factor}", *shares)
    wide_console().print(table)
    passed, quiet = sum(run[1] for run in runs), sum(run[2] for run in runs)
    far = np.array([one[1:] for one in every if one[0].factor >= 2.2 and one[0].one])
    name = "one series apart by 2.2 or more, told"
    claims = [
        Claim(
            name, float(far[:, 0].mean()), "", "single series", float(far[:, 1].mean()), ">= 0.5"
        ),
        Claim("quiet windows that pass, of a thousand", 1000 * passed / quiet, "", goal="<= 1"),
        Claim("host and window", 1e6 * float(np.median([run[3] for run in runs])), "µs"),
    ]
    paths = [] if quick else sorted(folder().glob("*.npz"))
    for path in paths:
        outside, within = machine(path, 10**9)
        told = f"{path.stem}: windows that pass outside labels, of a thousand"
        claims.append(Claim(told, outside, "", "within labels", within))
    report("Metric series of one host together", claims)


if __name__ == "__main__":
    main()
