"""``sensorium links evaluate``: a saved model's figures, measured again."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--training-only",
    is_flag=True,
    help="Ask about test edges with training edges alone known, validation edges not.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def evaluate(model: Path, *, training_only: bool, as_json: bool) -> None:
    """Measure the model in the folder MODEL on the edges that were held out when it was trained.

    Common neighbours, Adamic-Adar, resource allocation and personal PageRank are measured on the
    same edges and negatives, and know the same edges: those of training and of validation.
    """
    from sensorium.cli.links.view import compare
    from sensorium.links.learning.fitting import baselines, evaluated
    from sensorium.links.models import bundle

    loaded = bundle.load(model)
    ours = evaluated(loaded, training_only=training_only)
    others = baselines(loaded, training_only=training_only)
    if as_json:
        from sensorium.cli.output import print_json

        known = ["training"] if training_only else ["training", "validation"]
        print_json({"model": str(model), "known": known, "scores": ours, "baselines": others})
    else:
        compare(loaded, ours, others)
