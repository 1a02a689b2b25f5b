"""Compile everything, in several processes; see ``--help``."""

from __future__ import annotations

import argparse

from sensorium.app.preparation import everything


def main() -> None:
    """Read the options, and prepare."""
    parser = argparse.ArgumentParser("sensorium.app.preparation", description=__doc__)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--service", action="store_true", help="only what a service needs")
    part.add_argument("--replay", action="store_true", help="only what a replay needs")
    parser.add_argument(
        "--processes", type=int, default=everything.PROCESSES, help="at once, at most"
    )
    options = parser.parse_args()
    if options.service:
        everything.prepare_a_service(options.processes)
    elif options.replay:
        everything.prepare_a_replay(options.processes)
    else:
        everything.prepare(options.processes)


if __name__ == "__main__":
    main()
