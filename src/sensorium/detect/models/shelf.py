"""The folders of a registry: each version written whole or not at all, and never changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from sensorium.detect.models.card import ModelCard, card_of
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.state.sync import sync_folder

CARD: Final = "card.json"
_PARTIAL: Final = ".partial-"
_LARGEST_CARD: Final = 1 << 20
_LARGEST_FILE: Final = 1 << 26


def versions(folder: Path) -> list[int]:
    """The versions that are there, in their order."""
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit() and int(name))


def place(folder: Path, version: int) -> Path:
    """Where a version lies."""
    return folder / f"{version:06d}"


def put(folder: Path, card: ModelCard, files: Mapping[str, bytes]) -> ModelCard:
    """Write a version into its place; the caller holds the lock of ``folder``.

    It is written beside its place, brought to disk, and renamed: a reader, and a start after a
    power cut, find it whole or not at all. What a writer left that was killed is removed.
    """
    for left in folder.glob(f"{_PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    whole = replace(card, files=digests)
    if any(len(data) > _LARGEST_FILE for data in files.values()):
        raise ValueError(f"a model's file may have {_LARGEST_FILE} bytes at most")
    fresh = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder))
    try:
        for name, data in sorted(files.items()):
            _write(fresh / name, data)
        _write(fresh / CARD, whole.json())
        fresh.chmod(0o755)
        sync_folder(fresh)
        fresh.rename(place(folder, whole.version))
        sync_folder(folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return whole


def read_card(folder: Path, name: str, version: int) -> ModelCard:
    """The card of a version; ModelRefusedError where there is none that holds."""
    card = card_of(_read(place(folder, version) / CARD, _LARGEST_CARD))
    if (card.name, card.version) != (name, version):
        raise ModelRefusedError(
            Refusal.CARD, f"it is the card of {card.name} {card.version}, in the wrong place"
        )
    return card


def read_files(folder: Path, card: ModelCard) -> dict[str, bytes]:
    """The files of a card, each held against its SHA-256; ModelRefusedError where one differs."""
    found = {}
    for name, sha in card.files.items():
        data = _read(place(folder, card.version) / name, _LARGEST_FILE)
        if hashlib.sha256(data).hexdigest() != sha:
            raise ModelRefusedError(Refusal.DIGEST, f"{name} is not what was written")
        found[name] = data
    return found


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelRefusedError(Refusal.MISSING, f"{path.name}: {reason}") from error
    if len(data) > most:
        raise ModelRefusedError(Refusal.SHAPE, f"{path.name} has more than {most} bytes")
    return data


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
