"""Run every benchmark, one after the other, and write ``benchmarks/results.md``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.report import number

HERE = Path(__file__).parent
NOT_BENCHMARKS = {"__init__", "__main__", "report", "whole_way"}
# Ten minutes by design: `make soak` runs one, the other replays recordings nine times.
NOT_BY_DEFAULT = {"incident_ranking", "soak"}
LIBRARIES = ("numpy", "pyarrow", "numba", "scikit-learn", "chdb")
LIMIT_S = 1800


def names() -> list[str]:
    """Every benchmark that is run by default: the files here that are not its machinery."""
    return sorted({path.stem for path in HERE.glob("*.py")} - NOT_BENCHMARKS - NOT_BY_DEFAULT)


def run(name: str, *, quick: bool) -> list[dict[str, Any]] | str:
    """Run one benchmark in a process of its own; its claims, or why it has none."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
    try:
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return f"not ended within {LIMIT_S} s"
    print(done.stdout, flush=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0:
        return f"exit status {done.returncode}"
    try:
        claims: list[dict[str, Any]] = json.loads(lines[-1])["claims"]
    except (IndexError, ValueError, KeyError, TypeError):
        return "its last line is not the JSON object of claims"
    return claims


def machine() -> list[str]:
    """What the figures were measured on, a line each."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"- date: {datetime.now(UTC):%Y-%m-%d}",
        f"- processor: {processor()}, {os.cpu_count()} cores",
        f"- memory: {memory:.0f} GiB",
        f"- system: {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}; {libraries}",
    ]


def processor() -> str:
    """The processor's model name where the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def table(claims: list[dict[str, Any]]) -> list[str]:
    """One benchmark's claims as a Markdown table."""
    lines = [
        "| claim | ours | unit | peer | peer's | ratio | goal | met |",
        "|---|---:|---|---|---:|---:|---|---|",
    ]
    for claim in claims:
        ratio = "" if claim["ratio"] is None else f"{claim['ratio']:.2f}x"
        met = {None: "", True: "yes", False: "no"}[claim["met"]]
        cells = [claim["name"], number(claim["ours"]), claim["unit"], claim["peer"]]
        cells += [number(claim["peer_value"]), ratio, claim["goal"], met]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller runs; results.md is kept")
    parser.add_argument("names", nargs="*", help="only these (default: all; results.md is kept)")
    chosen = parser.parse_args()
    page = ["# Benchmark results", "", "Written by `make bench`.", "", *machine()]
    failed = []
    for name in chosen.names or names():
        print(f"== {name}", flush=True)
        outcome = run(name, quick=chosen.quick)
        page += ["", f"## {name}", ""]
        if isinstance(outcome, str):
            failed.append(name)
            page.append(f"No figures: {outcome}.")
            print(f"{name}: no figures: {outcome}", file=sys.stderr)
        else:
            page += table(outcome)
    if not chosen.quick and not chosen.names:
        (HERE / "results.md").write_text("\n".join(page) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
