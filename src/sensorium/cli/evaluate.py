"""``sensorium evaluate``: a recording's incidents against its truth."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sensorium.cli.context import config_option

if TYPE_CHECKING:
    from sensorium.config import Settings
    from sensorium.evaluate import Evaluation, Truth


@click.command()
@click.argument("recording", type=click.Path(path_type=Path, file_okay=False))
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead.")
def evaluate(recording: Path, config: Path | None, as_json: bool) -> None:
    """Replay RECORDING and compare its incidents with its truth.json.

    Ends with status 1 where something that must hold does not: each scenario in one incident
    that names the right hosts, what was planned closed with its proof and nothing else closed,
    and at most two incidents about nothing that happened.
    """
    import os

    from rich.console import Console

    from sensorium.cli.compiling import compile_for_a_replay
    from sensorium.config import load
    from sensorium.evaluate import load_truth

    truth = load_truth(recording)
    compile_for_a_replay(Console(stderr=True, width=None if sys.stderr.isatty() else 100))
    with tempfile.TemporaryDirectory(prefix="sensorium-evaluate-") as folder:
        settings = replace(load(config, os.environ), data_dir=Path(folder) / "data")
        evaluation = _replayed(recording, settings, truth)
    if as_json:
        from sensorium.cli.output import print_json
        from sensorium.evaluate.report import as_data

        print_json(as_data(evaluation, truth))
    else:
        from sensorium.evaluate.report import show

        out = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
        show(out, recording.name, evaluation, truth)
    if not evaluation.holds:
        raise click.exceptions.Exit(1)


def _replayed(recording: Path, settings: Settings, truth: Truth) -> Evaluation:
    from contextlib import closing

    from sensorium.app import replay_recording
    from sensorium.evaluate import score_stored
    from sensorium.observe import Observe
    from sensorium.store.records import open_records
    from sensorium.store.telemetry import open_telemetry

    result = replay_recording(recording, settings)
    incidents, share = [line.incident for line in result.incidents], result.gate.quiet_share
    store, folder = settings.store, settings.data_dir
    with (
        closing(open_records(store.records, Observe(), data_dir=folder)) as records,
        closing(open_telemetry(store.telemetry, Observe(), data_dir=folder)) as telemetry,
    ):
        return score_stored(incidents, records, telemetry, truth, quiet_share=share)
