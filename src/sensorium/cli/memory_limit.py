"""How much memory this process may take, where its control group says: in a container, a unit.

Control groups of both versions: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst
of the Linux kernel.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")


def memory_limit(groups: Path = _GROUPS, own: Path = _OWN) -> int | None:
    """The least limit in bytes, of the process's group or one above it; None where none is set."""
    return min(_limits(groups, own), default=None)


def _limits(groups: Path, own: Path) -> Iterator[int]:
    for file in _files(groups, own):
        # A group that is not mounted here has no file, and "max" is no limit.
        with contextlib.suppress(OSError, ValueError):
            yield int(file.read_text())


def _files(groups: Path, own: Path) -> Iterator[Path]:
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = own.read_text().splitlines()
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            mounted, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            mounted, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = Path(path.lstrip("/"))
        for group in (inner, *inner.parents):
            yield mounted / group / name
