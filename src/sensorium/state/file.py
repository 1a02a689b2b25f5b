"""A state on disk: whole or not there, and known by its digest.

Two files: ``learned-DIGEST.npz`` holds the arrays (NumPy's format, stored and never pickled) and
``learned.json`` says which of these counts, what its SHA-256 is, and what its maker stamped on it.
The arrays are written and synced first, the other file replaced then: whenever the process dies,
what it names is whole, and the one before is removed only after.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from sensorium.state.arrays import State, StateError
from sensorium.state.sync import sync_folder

_FORMAT: Final = 1
_NAME: Final = "learned"

Stamp = Mapping[str, Any]
"""Plain JSON of the maker's: what the state was made with."""


class StateFile:
    """The state kept in a folder, which is made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said = folder / f"{_NAME}.json"

    def write(self, state: State, stamp: Stamp) -> int:
        """Replace what is kept; returns the bytes written. OSError where the disk refuses."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{_NAME}.npz.partial"
        with partial.open("wb+") as file:
            arrays: Any = dict(state)
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = f"{_NAME}-{digest[:16]}.npz"
        partial.replace(self._folder / name)
        self._say({"format": _FORMAT, "arrays": name, "sha256": digest, "stamp": stamp})
        for other in self._folder.glob(f"{_NAME}-*.npz"):
            if other.name != name:
                other.unlink()
        return size

    def stamp(self) -> Stamp | None:
        """What the maker stamped on what is kept; None where nothing is. StateError if damaged."""
        said = self._read()
        return None if said is None else said["stamp"]

    def read(self) -> tuple[State, Stamp] | None:
        """What is kept, None where nothing is; StateError where it is not as it was written."""
        said = self._read()
        if said is None:
            return None
        path = self._folder / Path(str(said["arrays"])).name
        try:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != said["sha256"]:
                    raise StateError(f"{path.name} is not as it was written: another digest")
                file.seek(0)
                with np.load(file, allow_pickle=False) as arrays:
                    return {name: arrays[name] for name in arrays.files}, said["stamp"]
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise StateError(f"{path.name} cannot be read: {error}") from error

    def _read(self) -> dict[str, Any] | None:
        try:
            said = json.loads(self._said.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StateError(f"{self._said.name} cannot be read: {error}") from error
        wanted = {"arrays": str, "sha256": str, "stamp": dict}
        if not isinstance(said, dict) or said.get("format") != _FORMAT:
            raise StateError(f"{self._said.name} is of another format than {_FORMAT}")
        if not all(isinstance(said.get(name), kind) for name, kind in wanted.items()):
            raise StateError(f"{self._said.name} does not say what it should")
        return said

    def _say(self, said: Mapping[str, Any]) -> None:
        partial = self._said.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(said, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._said)
        with contextlib.suppress(OSError):  # some systems cannot sync a folder
            sync_folder(self._folder)
