"""``sensorium demo``: a recording in, incidents out, on one screen."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorium.cli.context import config_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from sensorium.pipeline.summary import ReplayResult


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path))
@click.option(
    "--data",
    "data_dir",
    default=Path(".demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the stores and briefs; what a demo left there before is replaced.",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead.")
def demo(recording: Path | None, data_dir: Path, config: Path | None, as_json: bool) -> None:
    """Replay RECORDING (default: the first bundled one) and show what was found in it."""
    import os

    from rich.console import Console

    from sensorium.app import bundled_recording, replay_recording
    from sensorium.cli.compiling import compile_for_a_replay
    from sensorium.config import load

    settings = replace(load(config, os.environ), data_dir=data_dir)
    folder = recording or bundled_recording()
    err = Console(stderr=True, width=None if sys.stderr.isatty() else 100)

    def work(report: Callable[[float], None]) -> ReplayResult:
        return replay_recording(folder, settings, report=report)

    compile_for_a_replay(err)
    result = _with_progress(err, folder.name, work)
    if as_json:
        from sensorium.cli.output import print_json

        print_json(result)
        return
    from sensorium.cli.demo_view import show

    out = Console(width=None if sys.stdout.isatty() else 100, highlight=False, soft_wrap=False)
    show(out, result, called_as())


def called_as() -> str:
    """How the reader called this program, so that printed commands can be pasted."""
    import shutil

    program = Path(sys.argv[0])
    found = shutil.which("sensorium")
    if found and program.exists() and Path(found).samefile(program):
        return "sensorium"
    try:
        return str(program.resolve().relative_to(Path.cwd()))
    except ValueError:
        return "sensorium"


def _with_progress(
    err: Console, name: str, work: Callable[[Callable[[float], None]], ReplayResult]
) -> ReplayResult:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    if not err.is_terminal:
        err.print(f"replaying {name} ...")
        return work(lambda _done: None)
    columns = (
        TextColumn("replaying {task.description}"),
        BarColumn(bar_width=40),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(name, total=1.0)
        return work(lambda done: progress.update(task, completed=done))
