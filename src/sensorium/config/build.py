"""Turn a document into the settings tree, strictly: nothing unknown, nothing coerced."""

from __future__ import annotations

import dataclasses
import difflib
import json
from pathlib import Path
from typing import Any, TypeVar

from sensorium.config.document import Document, SettingPath, dotted, read_scalar_or_flow
from sensorium.config.environment import FromEnvironment
from sensorium.config.fields import Setting, settings_of
from sensorium.config.problems import Problem, SettingsError
from sensorium.config.units import accepted_units, in_unit_of

S = TypeVar("S")

_BROKEN = object()


def build(tree: type[S], document: Document, *, folder: Path | None = None) -> S:
    """Make the tree from ``document``; all problems are raised together.

    Relative paths written in the document's file are taken from ``folder``, the file's own.
    """
    builder = _Builder(tree, document, folder)
    made = builder.section(tree, document.data, ())
    if builder.problems:
        raise SettingsError(builder.problems)
    settings: S = made
    return settings


class _Builder:
    def __init__(self, tree: type, document: Document, folder: Path | None) -> None:
        self._tree = tree
        self._document = document
        self._folder = folder
        self.problems: list[Problem] = []

    def _problem(self, path: SettingPath, message: str, hint: str = "") -> Any:
        place = self._document.place(path)
        self.problems.append(Problem(place, dotted(path), message, hint))
        return _BROKEN

    def section(self, kind: type, data: Any, path: SettingPath) -> Any:
        if isinstance(data, FromEnvironment):
            data = self._parsed(data, path)
        if data is None:
            data = {}
        if not isinstance(data, dict):
            return self._problem(path, f"is a section with settings of its own, not {_named(data)}")
        known = {setting.name: setting for setting in settings_of(kind)}
        for name in data:
            if name not in known:
                self._unknown((*path, name), known)
        values = {
            name: self._value(setting, data[name], (*path, name))
            for name, setting in known.items()
            if name in data
        }
        for name, setting in known.items():
            if setting.default is dataclasses.MISSING and name not in data:
                values[name] = self._problem((*path, name), "must be given", setting.doc)
        if any(value is _BROKEN for value in values.values()):
            return _BROKEN
        try:
            return kind(**values)
        except ValueError as error:  # a rule between several settings, checked by the part
            return self._problem(path, str(error))

    def _value(self, setting: Setting, data: Any, path: SettingPath) -> Any:
        if setting.section is not None and not (data is None and setting.default is None):
            return self.section(setting.section, data, path)
        if setting.item is not None:
            return self._items(setting.item, data, path)
        return self._leaf(setting, data, path)

    def _items(self, kind: type, data: Any, path: SettingPath) -> Any:
        if isinstance(data, FromEnvironment):
            data = self._parsed(data, path)
        if data is None:
            data = []
        if not isinstance(data, list):
            return self._problem(path, f"is a list, not {_named(data)}")
        items = [self.section(kind, item, (*path, index)) for index, item in enumerate(data)]
        return _BROKEN if any(item is _BROKEN for item in items) else tuple(items)

    def _leaf(self, setting: Setting, data: Any, path: SettingPath) -> Any:
        from pydantic import TypeAdapter, ValidationError

        if isinstance(data, FromEnvironment):
            data = str(data) if setting.kind is str else self._parsed(data, path)
        if isinstance(data, str) and setting.kind in {int, float}:
            amount = in_unit_of(setting.name, data)
            data = data if amount is None else amount
        try:
            # Strict JSON mode: no text is taken for a number, yet lists fill tuples and text
            # fills enums and paths, since JSON has neither.
            value = TypeAdapter(setting.annotated).validate_json(json.dumps(data), strict=True)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                inner = tuple(part for part in one["loc"] if isinstance(part, str | int))
                hint = accepted_units(setting.name) if isinstance(data, str) else ""
                self._problem((*path, *inner), f"{_message(one)} (got {_shown(one)})", hint)
            return _BROKEN
        return self._anchored(value, path, text=setting.path)

    def _parsed(self, text: str, path: SettingPath) -> Any:
        return read_scalar_or_flow(text, self._document.place(path))

    def _anchored(self, value: Any, path: SettingPath, *, text: bool) -> Any:
        """``value`` with its paths taken from the file's folder; with ``text`` text is a path."""
        if self._folder is None or not self._document.place(path).startswith(self._document.name):
            return value
        if isinstance(value, Path):
            return self._folder / value
        if text and isinstance(value, str) and value:
            return str(self._folder / value)
        if isinstance(value, tuple):
            return tuple(self._anchored(item, path, text=text) for item in value)
        return value

    def _unknown(self, path: SettingPath, known: dict[str, Setting]) -> None:
        name = str(path[-1])
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        if close:
            hint = f"did you mean {close[0]}?"
        elif elsewhere := sorted(_paths_named(self._tree, name)):
            hint = f"did you mean {elsewhere[0]}?"
        else:
            hint = "known here: " + ", ".join(sorted(known))
        self._problem(path, "there is no such setting", hint)


def _paths_named(section: type, name: str, path: SettingPath = ()) -> list[str]:
    found = []
    for setting in settings_of(section):
        if setting.name == name:
            found.append(dotted((*path, name)))
        if setting.section is not None:
            found += _paths_named(setting.section, name, (*path, setting.name))
    return found


def _message(error: Any) -> str:
    message: str = error["msg"]
    return message[0].lower() + message[1:]


def _shown(error: Any) -> str:
    shown = json.dumps(error["input"], default=str)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _named(data: Any) -> str:
    if isinstance(data, dict):
        return "a section"
    return "a list" if isinstance(data, list) else json.dumps(data, default=str)
