"""Files that a command is asked to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sensorium.errors import UsageError


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Says that a file was written within, or why it could not be."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}",
            next_step="name another place",
        ) from error
    click.echo(f"written: {path}", err=True)
