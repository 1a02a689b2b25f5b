"""Compile everything, in several processes; see ``--help``."""

from __future__ import annotations

import argparse

from sensorium.app.preparation import everything


def main() -> None:
    """Read the options, and prepare."""
    parser = argparse.ArgumentParser("sensorium.app.preparation", description=__doc__)
    parser.add_argument("--service", action="store_true", help="only what a service needs")
    parser.add_argument(
        "--processes", type=int, default=everything.PROCESSES, help="at once, at most"
    )
    options = parser.parse_args()
    everything.prepare(options.processes, commands=not options.service)


if __name__ == "__main__":
    main()
