"""Who was active when: a file that is only ever appended to, and says so who is active now.

One line of JSON for each step. A line is whole when its end is there: what a writer left that was
killed is no line, and the next writer closes it off so that it never becomes one. So a step
happened or it did not.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sensorium.model.canonical import canonical_json
from sensorium.state.sync import sync_folder

# Added to what was left of a line, it makes of it no JSON.
_TORN = b" torn\n"


class Did(StrEnum):
    """What a step did."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"
    SHADOW = "shadow"
    UNSHADOW = "unshadow"


@dataclass(frozen=True, slots=True)
class Step:
    """One step at ``at_ns`` (Unix ns); ``version`` is whom it concerns: the one promoted, put into
    the shadow or out of it, or rolled back from."""

    at_ns: int
    did: Did
    version: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Who counts now; None is nobody. ``before`` were active earlier, the latest last: where a
    rollback leads."""

    active: int | None = None
    shadow: int | None = None
    before: tuple[int | None, ...] = ()

    def after(self, step: Step) -> Standing:
        """Who counts after one more step."""
        if step.did is Did.PROMOTE:
            shadow = None if self.shadow == step.version else self.shadow
            return Standing(step.version, shadow, (*self.before, self.active))
        if step.did is Did.ROLLBACK:
            if not self.before:
                return self
            return Standing(self.before[-1], self.shadow, self.before[:-1])
        return Standing(self.active, step.version if step.did is Did.SHADOW else None, self.before)


class History:
    """The steps of one model name in a file; the caller holds the lock while appending."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mark(self) -> tuple[int, int, int] | None:
        """Something that changes when a step is added; cheap."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def steps(self) -> tuple[list[Step], int]:
        """All steps, oldest first, and how many lines were none."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], 0
        # What follows the last line end was not finished.
        found = [_step(line) for line in lines[:-1] if line]
        whole = [step for step in found if step is not None]
        return whole, len(found) - len(whole)

    def append(self, step: Step) -> None:
        """Add a step, and bring it to disk."""
        fresh = not self._path.exists()
        line = canonical_json(step) + b"\n"
        with self._path.open("ab") as file:
            if not fresh and not _ends_whole(self._path):
                line = _TORN + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            sync_folder(self._path.parent)


def standing_of(steps: list[Step]) -> Standing:
    """Who counts after these steps."""
    standing = Standing()
    for step in steps:
        standing = standing.after(step)
    return standing


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _step(line: bytes) -> Step | None:
    try:
        said = json.loads(line)
        step = Step(at_ns=said["at_ns"], did=Did(said["did"]), version=said["version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    good = type(step.at_ns) is int and type(step.version) is int and step.version > 0
    return step if good else None
