"""The ``sensorium`` command, also as ``python -m sensorium``."""

from __future__ import annotations

import signal


def main() -> None:
    """Load the command and be it. Ctrl-C while it loads ends it quietly, as it does later."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sensorium.process.collecting import look_seldom

    look_seldom()
    from sensorium.cli import main as command

    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command(prog_name="sensorium")


if __name__ == "__main__":
    main()
