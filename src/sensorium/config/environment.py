"""Settings from environment variables: ``SENSORIUM__DETECT__WINDOW_SECONDS=10``.

Two underscores stand between the levels of the tree. ``SENSORIUM_DATA`` and other names with one
underscore belong to the command line and are not settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.config.document import Document, SettingPath, dotted
from sensorium.config.problems import Problem, SettingsError

PREFIX = "SENSORIUM__"


def overlay(document: Document, environ: Mapping[str, str], prefix: str = PREFIX) -> None:
    """Write the environment's values over the document's, remembering the variable's name.

    Values stay text here; they are parsed where the setting's type is known.
    """
    problems = []
    for name in sorted(environ):
        if not name.startswith(prefix):
            continue
        path: SettingPath = tuple(name.removeprefix(prefix).lower().split("__"))
        if not all(path):
            problems.append(Problem(name, "", "a level of the settings tree has no name"))
            continue
        try:
            _write(document, path, FromEnvironment(environ[name]))
        except TypeError:
            message = "cannot be set below a value that is not a section"
            problems.append(Problem(name, dotted(path), message))
            continue
        document.places = {
            known: place for known, place in document.places.items() if known[: len(path)] != path
        }
        document.places[path] = name
    if problems:
        raise SettingsError(problems)


class FromEnvironment(str):
    """Text of an environment variable, to be parsed as YAML unless the setting is text."""

    __slots__ = ()


def _write(document: Document, path: SettingPath, value: str) -> None:
    if document.data is None:
        document.data = {}
    at: Any = document.data
    for part in path[:-1]:
        if not isinstance(at, dict):
            raise TypeError
        if at.get(part) is None:
            at[part] = {}
        at = at[part]
    if not isinstance(at, dict):
        raise TypeError
    at[path[-1]] = value
