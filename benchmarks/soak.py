"""Whether memory stays flat and queues bounded under a steady mixed load, and nothing is lost.

The real service takes NetFlow v5 and v9, IPFIX, sFlow, syslog over UDP and TCP, OTLP, remote-write
and a scrape over real sockets; every five seconds /proc and /metrics are read.

Memory fills by design at first: detection's windows that may still get records
(``detect.lateness_seconds``) and its baselines (``detect.history_windows``, here 20 windows of
5 s; all is scored, and nothing passes as an anomaly), names of series
(``ingest.*.max_cached_*``), stages' buffers (``inbox.max_bytes``,
``store.telemetry.batch_rows``, ``ingest.journal.max_kept_bytes``) and ClickHouse's merges. Flat
means that this has ended by half time: the median of anonymous memory in the last quarter is at
most 3 % above that in the quarter before. And it means that nothing is kept of each record: the
slope of a line through the medians of pairs (Theil and Sen), after a warm-up, is at most one byte
a record, which is less than whatever is kept of one takes. That cannot be told of ten minutes:
every further size of parts that ClickHouse merges takes its memory once, the last of them after
some twenty minutes. So it is asked of runs of an hour and more only. ClickHouse opens files of
parts while it merges, and starts up to 128 threads once, when it first removes many.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

from benchmarks.report import Claim, report
from benchmarks.soaking.datagrams import INTERFACE_VALUES, RECORDS, SAMPLES
from benchmarks.soaking.load import OWN_SAMPLES, Load
from benchmarks.soaking.picture import draw
from benchmarks.soaking.requests import Target
from benchmarks.soaking.service import Reading, Service

STEP_S = 5.0
QUICK_S = 20.0
WARM_UP = 0.4
"""The part of the run that is not looked at for growth."""
MIB = 1 << 20
FLAT = 1.03
"""The last quarter's memory as a part of that of the quarter before, at most."""
TELLING_S = 3600.0
"""A run that is shorter says nothing of what is kept of each record."""
READY_S = 180.0
SETTLE_S = 60.0
SIGNALS = ("flows", "logs", "metrics")


def slope(readings: list[Reading]) -> float:
    """Bytes of anonymous memory a second: the median of all pairs' slopes."""
    return statistics.median(
        (b.anonymous - a.anonymous) / (b.seconds - a.seconds) for a, b in combinations(readings, 2)
    )


def last_quarters(readings: list[Reading]) -> tuple[float, float]:
    """The median anonymous memory, in bytes, of the last quarter and of the one before it."""
    quarter = max(len(readings) // 4, 1)
    last, before = readings[-quarter:], readings[-2 * quarter : -quarter] or readings[:1]
    middle = [statistics.median(r.anonymous for r in part) for part in (last, before)]
    return middle[0], middle[1]


def watch(service: Service, load: Load, seconds: float) -> list[Reading]:
    """Read every few seconds while the load goes on."""
    readings = [service.reading()]
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(STEP_S, left))
        if load.failed:
            raise RuntimeError("a sender failed") from load.failed[0]
        readings.append(service.reading())
        last = readings[-1]
        print(
            f"{last.seconds:6.0f} s: {last.resident / MIB:,.0f} MiB resident "
            f"({last.anonymous / MIB:,.0f} anonymous), {last.inbox:,} datagrams and "
            f"{last.waiting:,} rows wait, journal {last.journal / MIB:.1f} MiB, "
            f"{last.files} files, {last.threads} threads",
            flush=True,
        )
    return readings


def unaccounted(service: Service, sent: Counter[str]) -> Counter[str]:
    """Rows that are neither stored nor counted, by signal, once nothing comes any more.

    Scrapes go on, and one is counted before its rows are stored: so it is looked again.
    """
    deadline = time.monotonic() + SETTLE_S
    while True:
        metrics, lost = service.metrics(), service.lost()
        missing = _compared(metrics, lost, sent)
        if not missing.total() or time.monotonic() > deadline:
            break
        time.sleep(2)
    print(f"lost on the way, by their sequence numbers: {lost}")
    for signal, expected in _expected(metrics, sent).items():
        print(f"{signal}: {expected:,} sent, {_stored(metrics, signal):,} stored")
    return missing


def _expected(metrics: dict[str, float], sent: Counter[str]) -> dict[str, int]:
    scraped = OWN_SAMPLES * int(metrics["sensorium_scrapes_total"])
    return {signal: sent[signal] + scraped * (signal == "metrics") for signal in SIGNALS}


def _stored(metrics: dict[str, float], signal: str) -> int:
    return int(metrics[f'sensorium_store_rows_total{{signal="{signal}"}}'])


def _compared(metrics: dict[str, float], lost: dict[str, int], sent: Counter[str]) -> Counter[str]:
    # The numbers of v9 and sFlow are those of datagrams, the others' of records.
    each = {"NETFLOW_V9": RECORDS, "SFLOW_5": SAMPLES}
    counted = Counter(flows=sum(n * each.get(name, 1) for name, n in lost.items()))
    counted["metrics"] = lost.get("SFLOW_5", 0) * INTERFACE_VALUES
    counted["logs"] = int(metrics["sensorium_ingest_dropped_total"])
    missing = Counter[str]()
    for signal, expected in _expected(metrics, sent).items():
        difference = expected - _stored(metrics, signal)
        missing[signal] = max(difference - counted[signal], 0) if difference > 0 else -difference
    return missing


def claims_of(
    readings: list[Reading], sent: Counter[str], missing: Counter[str], *, quick: bool
) -> list[Claim]:
    """What was seen, as claims; a short run says nothing of growth, and a quick one less."""
    warm = readings[int(len(readings) * WARM_UP) :]
    growth = slope(warm)
    rate = sum(sent.values()) / (readings[-1].seconds - readings[0].seconds)
    last, before = last_quarters(readings)
    goal = "" if quick else f"<= {FLAT}"
    telling = readings[-1].seconds - readings[0].seconds >= TELLING_S
    start, end = warm[0], warm[-1]
    return [
        Claim("load", rate, "records/s"),
        Claim("memory of the last quarter", last / before, "of the one before", goal=goal),
        Claim("growth after the warm-up", max(growth / rate, 0.0), "bytes/record",
              goal="<= 1" if telling else ""),
        Claim("growth after the warm-up", growth * 3600 / MIB, "MiB/h"),
        Claim(
            "memory at the end", end.resident / MIB, "MiB",
            "after the warm-up", start.resident / MIB, lower_is_better=True,
        ),
        Claim("anonymous memory at the end", end.anonymous / MIB, "MiB",
              "after the warm-up", start.anonymous / MIB, lower_is_better=True),
        Claim("most memory", max(r.resident for r in readings) / MIB, "MiB"),
        Claim("longest inbox", max(r.inbox for r in readings), "datagrams", "its limit", 400_000,
              "<= 400_000", lower_is_better=True),
        Claim("most rows waiting", max(r.waiting for r in readings), "rows", "their limit",
              3_000_000, "<= 3_000_000", lower_is_better=True),
        Claim("largest journal", max(r.journal for r in readings) / MIB, "MiB", "its limit", 1024,
              "<= 1024", lower_is_better=True),
        Claim("most open files", max(r.files for r in readings), "files", "a process's usual limit",
              1024, "<= 1024", lower_is_better=True),
        Claim("more threads at the end", end.threads - start.threads, "threads", goal="<= 8"),
        Claim("neither stored nor counted", sum(missing.values()), "records", goal="<= 0"),
    ]  # fmt: skip


def soak(seconds: float, burst: int) -> tuple[list[Reading], Counter[str], Counter[str]]:
    """Run the service under load; readings, what was sent, and what is unaccounted for."""
    target = Target()
    with tempfile.TemporaryDirectory(prefix="sensorium-soak-") as folder:
        service = Service(Path(folder), target.port)
        try:
            service.wait_until_ready(READY_S)
            load = Load(service, target, burst)
            load.start()
            readings = watch(service, load, seconds)
            load.stop()
            target.close()
            if load.refused:
                print(f"{load.refused} requests were asked to come again, and did")
            sent = load.sent()
            missing = unaccounted(service, sent)
        finally:
            status = service.stop()
        print(f"the service ended with status {status}")
    return readings, sent, missing


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a smaller run, within 50 seconds")
    parser.add_argument("--minutes", type=float, default=80.0, help="how long the load goes on")
    parser.add_argument("--burst", type=int, default=6, help="datagrams an exporter sends a turn")
    parser.add_argument("--picture", type=Path, help="an SVG file of memory over time to write")
    options = parser.parse_args()
    seconds = QUICK_S if options.quick else 60 * options.minutes
    readings, sent, missing = soak(seconds, options.burst)
    if options.picture:
        draw(options.picture, readings)
    report(
        f"{seconds / 60:.3g} minutes of mixed load over real sockets",
        claims_of(readings, sent, missing, quick=options.quick),
    )


if __name__ == "__main__":
    main()
