"""How long `sensorium --help` takes, and what a bare interpreter takes of that.

Each run is a process of its own. The peer is Python doing nothing: what is left is ours.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.report import Claim, arguments, median_seconds, report


def seconds(program: str, repeats: int) -> float:
    """The median wall time of a Python process that runs ``program``."""

    def work() -> None:
        subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=True)

    return median_seconds(work, repeats=repeats, warm_up=2)


def main() -> None:
    repeats = 7 if arguments(__doc__).quick else 31
    run = "from sensorium.cli import main; main({!r})"
    bare = seconds("pass", repeats)
    help_s = seconds(run.format(["--help"]), repeats)
    check_s = seconds(run.format(["config", "check"]), repeats)
    report(
        "Starting the command line",
        [
            Claim("sensorium --help", help_s, "s", "python -c pass", bare, "<= 0.3", False, True),
            Claim("sensorium config check", check_s, "s", "", None, "<= 1.0", False, True),
        ],
    )


if __name__ == "__main__":
    main()
