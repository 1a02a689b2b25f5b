"""The files under version control, which the house rules are about."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows, where this is a checkout; else every file below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in files if path.is_file())


def python_files(*folders: str) -> Iterator[Path]:
    """Python files below ``folders``, everywhere if none is named."""
    for path in tracked():
        if path.suffix == ".py" and (not folders or relative(path).startswith(folders)):
            yield path


def relative(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """The file's syntax tree; not kept, as all of them make every collection of garbage slow."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
