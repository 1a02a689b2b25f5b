"""Read YAML as data that remembers where each value was written.

The dialect is YAML 1.2's core schema, so that what looks like text is text: ``no``, ``on``,
``12:30`` and ``2024-01-01`` are strings here, where YAML 1.1 makes them a boolean, a number and a
date. A key written twice, a key that is not text and a second document are problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from sensorium.config.problems import Problem, SettingsError

_TAGS = "tag:yaml.org,2002:"

_KNOWN_TAGS = frozenset(
    _TAGS + kind for kind in ("null", "bool", "int", "float", "str", "seq", "map")
)

_DEEPEST = 50
"""Sections and lists within each other; settings need a tenth of it."""

_MOST_VALUES = 100_000
"""Values of one document, an alias counting as all that it stands for."""

SettingPath = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """Plain data (dicts, lists, scalars) and where each path in it was written."""

    data: Any
    places: dict[SettingPath, str] = field(default_factory=dict)
    name: str = "settings"

    def place(self, path: SettingPath) -> str:
        """Where ``path``, or the nearest thing around it, was written."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return self.name


class _CoreLoader(yaml.SafeLoader):
    """A loader whose plain scalars follow YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  PyYAML's own name and type


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9][0-9_]*$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        list("-+.0123456789"),
    ),
):
    _CoreLoader.add_implicit_resolver(_TAGS + _tag, re.compile(_pattern), _first)


def _decimal(_: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(node.value.replace("_", ""))


# YAML 1.1 reads a leading zero as octal; port 0514 is 514 here.
_CoreLoader.add_constructor(_TAGS + "int", _decimal)


def read_yaml(text: str, name: str) -> Document:
    """Parse ``text``; every problem found is raised together as :class:`SettingsError`."""
    loader = _CoreLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise SettingsError([Problem(place, "", f"not YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:
        raise SettingsError([Problem(name, "", f"not YAML: {error}")]) from error
    except RecursionError:
        message = f"sections within each other, more than {_DEEPEST} deep"
        raise SettingsError([Problem(name, "", message)]) from None
    document = Document({}, name=name)
    if node is not None:
        problems: list[Problem] = []
        document.data = _plain(loader, node, (), document, problems)
        if problems:
            raise SettingsError(problems)
    return document


def read_scalar_or_flow(text: str, name: str) -> Any:
    """Parse one value written on one line, as in an environment variable."""
    return read_yaml(text, name).data if text.strip() else text


def _plain(
    loader: yaml.SafeLoader,
    node: yaml.Node,
    path: SettingPath,
    document: Document,
    problems: list[Problem],
) -> Any:
    place = f"{document.name}:{node.start_mark.line + 1}"
    _refuse_endless(path, place, document)
    document.places.setdefault(path, place)
    if node.tag not in _KNOWN_TAGS:
        problems.append(Problem(place, dotted(path), f"the tag {node.tag} is not taken here"))
        return None
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(loader, item, (*path, index), document, problems)
            for index, item in enumerate(node.value)
        ]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in _entries(node, path, document, problems):
            found[key] = _plain(loader, value, (*path, key), document, problems)
        return found
    try:
        return loader.construct_object(node)
    except ValueError:  # a tag that the text does not fit, such as `!!int x`
        problems.append(Problem(place, dotted(path), f"{node.value!r} does not fit its tag"))
        return None


def _refuse_endless(path: SettingPath, place: str, document: Document) -> None:
    """An alias may stand for what it is within, or for aliases that stand for many more."""
    if len(path) > _DEEPEST:
        message = f"sections within each other, more than {_DEEPEST} deep"
        raise SettingsError([Problem(place, dotted(path[:3]), message)])
    if len(document.places) >= _MOST_VALUES:
        message = f"more than {_MOST_VALUES:,} values, with what aliases stand for"
        raise SettingsError([Problem(place, dotted(path[:3]), message)])


def _entries(
    node: yaml.MappingNode, path: SettingPath, document: Document, problems: list[Problem]
) -> Iterator[tuple[str, yaml.Node]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        place = f"{document.name}:{line}"
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(place, dotted(path), "a key must be text"))
            continue
        key = key_node.value
        if key in seen:
            message = f"written twice; the first is on line {seen[key]}"
            problems.append(Problem(place, dotted((*path, key)), message))
            continue
        seen[key] = line
        document.places[(*path, key)] = place
        yield key, value_node


def dotted(path: SettingPath) -> str:
    """``("ingest", "scrape", 0, "url")`` as ``ingest.scrape[0].url``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
