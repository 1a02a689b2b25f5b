"""Read settings: defaults, then the file, then the environment; the later wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sensorium.config.build import build
from sensorium.config.document import Document, read_yaml
from sensorium.config.environment import overlay
from sensorium.config.problems import Problem, SettingsError
from sensorium.config.tree import Settings

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and the part of them that somebody set."""

    settings: Settings
    given: Any


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of ``path`` (defaults without one) under the environment's overrides.

    :class:`SettingsError` tells every problem at once, each with its place.
    """
    return load_given(path, environ).settings


def load_given(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Like :func:`load`, and keep what was set apart from what is a default."""
    document = _document(path)
    overlay(document, environ or {})
    return Loaded(_build(Settings, document, path), document.data or {})


def load_tree(tree: type[S], path: Path | None, environ: Mapping[str, str], prefix: str) -> S:
    """Another tree of settings, read as strictly; its variables begin with ``prefix``."""
    document = _document(path)
    overlay(document, environ, prefix)
    return _build(tree, document, path)


def _document(path: Path | None) -> Document:
    return Document({}) if path is None else read_yaml(_text(path), str(path))


def _build(tree: type[S], document: Document, path: Path | None) -> S:
    return build(tree, document, folder=None if path is None else path.parent)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError([Problem(str(path), "", "is not UTF-8 text")]) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError([Problem(str(path), "", f"cannot be read: {why}")]) from error
