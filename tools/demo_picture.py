"""Draw the README's picture: the demo's own screen, replayed here and now, as SVG."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from sensorium.app import bundled_recording, replay_recording
from sensorium.cli.demo_view import show
from sensorium.config import load


def main() -> None:
    """Replay the first bundled recording and save what a person would see."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("svg", type=Path)
    picture = parser.parse_args().svg
    settings = replace(load(), data_dir=Path(".demo"))
    result = replay_recording(bundled_recording(), settings)
    console = Console(record=True, width=100, force_terminal=True, highlight=False)
    show(console, result, "sensorium")
    picture.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(picture), title="make demo", theme=MONOKAI)


if __name__ == "__main__":
    main()
