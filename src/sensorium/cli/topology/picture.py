"""Writing the drawing of a topology."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sensorium.errors import UsageError
from sensorium.topology.drawing import picture


def draw(answer: dict[str, Any], file: Path, most: int) -> None:
    """Write the picture, and say so on standard error."""
    try:
        file.write_text(picture(answer, most), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", next_step="name another file with --svg"
        ) from error
    click.echo(f"drawn: {file}", err=True)
