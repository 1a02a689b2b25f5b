"""What is known of one model: what it stands in for, what it saw, and how good it was."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, get_args

from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.model.canonical import canonical_json, digest

FORMAT: Final = 1
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")
_FILE: Final = re.compile(r"[a-z][a-z0-9_-]*\.(npz|json|ubj|safetensors)")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME: Final = 64

Plain = bool | int | float | str | None
"""A value of a setting: plain JSON."""


class ModelKind(StrEnum):
    """How a model is made and what its files hold."""

    ISOLATION_FOREST = "isolation_forest"
    AUTOENCODER = "autoencoder"
    RANKER = "ranker"
    TALK = "talk"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One version of a model.

    ``name`` says what it stands in for (``flows.host.joint``), ``version`` counts from 1 and is 0
    for a draft that is not in a registry yet. ``features`` are its columns in their order;
    ``since_ns`` to ``until_ns`` (Unix ns) is the data it was trained on, ``rows`` how many vectors.
    ``scores`` are what it reached on data held out from training. ``files`` are its files and
    their SHA-256. ValueError where a field is not what it may be.
    """

    name: str
    kind: ModelKind
    features: tuple[str, ...]
    since_ns: int
    until_ns: int
    rows: int
    settings: Mapping[str, Plain] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    version: int = 0
    created_ns: int = 0
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(is_name(self.name), f"{self.name!r} is no name of a model")
        for what in ("since_ns", "until_ns", "rows", "version", "created_ns"):
            value = getattr(self, what)
            _require(type(value) is int and value >= 0, f"{what} is no count")
        _require(self.until_ns >= self.since_ns, "its data ends before it begins")
        _require(bool(self.features), "it has no features")
        _require(all(isinstance(f, str) and f for f in self.features), "a feature has no name")
        _require(len(set(self.features)) == len(self.features), "two features have one name")
        for key, value in self.settings.items():
            _require(isinstance(key, str) and isinstance(value, get_args(Plain)), f"{key}: setting")
        for key, value in self.scores.items():
            good = isinstance(key, str) and type(value) is float and math.isfinite(value)
            _require(good, f"{key}: score")
        for file, sha in self.files.items():
            _require(bool(_FILE.fullmatch(file)), f"{file!r} is no name of a model's file")
            _require(isinstance(sha, str) and bool(_DIGEST.fullmatch(sha)), f"{file}: SHA-256")

    def json(self) -> bytes:
        """Canonical JSON, with its own SHA-256 beside it; reads back with :func:`card_of`."""
        return canonical_json({"format": FORMAT, "card": self, "sha256": digest(self)}) + b"\n"


def is_name(name: object) -> bool:
    """Whether a model can be called so: it is a folder's name too."""
    return isinstance(name, str) and len(name) <= _LONGEST_NAME and bool(_NAME.fullmatch(name))


def card_of(data: bytes) -> ModelCard:
    """Read what :meth:`ModelCard.json` wrote; ModelRefusedError for anything else."""
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise ModelRefusedError(
                Refusal.FORMAT, f"the card has format {said['format']}; this version reads {FORMAT}"
            )
        card = _card(said["card"])
        sha = digest(card)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelRefusedError(Refusal.CARD, f"the card is damaged: {error}") from error
    if said["sha256"] != sha:
        raise ModelRefusedError(Refusal.DIGEST, "the card is not what was written")
    return card


def _card(said: dict[str, Any]) -> ModelCard:
    _require(set(said) == {f.name for f in fields(ModelCard)}, "its fields are others")
    return ModelCard(
        **{**said, "kind": ModelKind(said["kind"]), "features": tuple(said["features"])}
    )


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
