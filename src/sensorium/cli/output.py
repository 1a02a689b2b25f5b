"""Results as JSON on standard output."""

from __future__ import annotations

import json
from typing import Any

import click


def print_json(value: Any) -> None:
    """Print records, enums and paths as indented JSON; NaN becomes null."""
    from pydantic_core import to_jsonable_python

    plain = to_jsonable_python(value, bytes_mode="hex", inf_nan_mode="null")
    click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
