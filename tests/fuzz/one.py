"""Fuzz one target in this process: ``python -m tests.fuzz.one TARGET [libFuzzer's options]``."""

from __future__ import annotations

import sys

from tests.fuzz.loading import load_decoders
from tests.fuzz.targets.registry import TARGETS


def main(arguments: list[str]) -> None:
    """Run until libFuzzer's options say to stop, or something is found."""
    import atheris

    target = TARGETS[arguments[1]]
    load_decoders(*target.modules)
    run = target.prepare()
    atheris.Setup([arguments[0], *arguments[2:]], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
