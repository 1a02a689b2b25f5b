"""Run benchmarks, one after the other, and write what they say into ``benchmarks/results.md``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.results import keep, section

HERE = Path(__file__).parent
NOT_BENCHMARKS = {
    "__init__",
    "__main__",
    "peer_environment",
    "picture",
    "report",
    "results",
    "whole_way",
}
# Long by design: `make soak` runs one, the other replays recordings nine times.
NOT_BY_DEFAULT = {"incident_ranking", "soak"}
PICTURES = {"detect_growth": "detect-growth.svg", "wire_growth": "decode-growth.svg"}
"""What the documentation shows of a benchmark."""
IMAGES = HERE.parent / "docs" / "images"
LIMIT_S = 3 * 3600


def names() -> list[str]:
    """Every benchmark that is run by default: the files here that are not its machinery."""
    return sorted({path.stem for path in HERE.glob("*.py")} - NOT_BENCHMARKS - NOT_BY_DEFAULT)


def run(name: str, *, quick: bool) -> list[dict[str, Any]] | str:
    """Run one benchmark in a process of its own; its claims, or why it has none."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    if quick:
        command.append("--quick")
    elif name in PICTURES:
        command += ["--picture", str(IMAGES / PICTURES[name])]
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller runs; results.md is kept")
    parser.add_argument("names", nargs="*", help="only these (default: all)")
    chosen = parser.parse_args()
    failed = False
    for name in chosen.names or names():
        print(f"== {name}", flush=True)
        began = time.monotonic()
        outcome = run(name, quick=chosen.quick)
        if isinstance(outcome, str):
            failed = True
            print(f"{name}: no figures: {outcome}", file=sys.stderr)
        if not chosen.quick:
            # Written after each: a run of hours may be broken off.
            keep(HERE / "results.md", {name: section(outcome, time.monotonic() - began)})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
