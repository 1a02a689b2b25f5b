"""Settings as people read them back: YAML with docs, YAML of what is in force, JSON Schema."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from sensorium.config.fields import Setting, settings_of, summary

_URL_PASSWORD = re.compile(r"(?<=://)([^/:@\s]*):([^/@\s]+)@")
HIDDEN = "***"


def example(
    tree: type, of: str = "Sensorium", variable: str = "SENSORIUM__DETECT__WINDOW_SECONDS=10"
) -> str:
    """Every setting with its explanation and default, as a YAML file that loads to the defaults."""
    lines = [
        f"# Every setting of {of} with its default. Keep only what you change.",
        "# Amounts may carry a unit: window_seconds: 1m, max_bytes: 64MiB. A setting can also come",
        "# from the environment, levels parted by two underscores:",
        f"# {variable}. This file is generated: `make generate`.",
    ]
    for setting in settings_of(tree):
        lines += ["", *_example_of(setting, 0)]
    return "\n".join(lines) + "\n"


def _example_of(setting: Setting, depth: int) -> list[str]:
    pad = "  " * depth
    if setting.section is not None and setting.default is not None:
        lines = [*_comment(setting.doc or summary(setting.section), pad), f"{pad}{setting.name}:"]
        for inner in settings_of(setting.section):
            lines += _example_of(inner, depth + 1)
        return lines
    lines = _comment(" ".join([setting.doc, *_bounds(setting)]).strip(), pad)
    if setting.item is not None:
        lines += _comment("each entry:", pad)
        lines += [f"{pad}#{line}" for line in _entry(setting.item, "  ")]
    value = _inline(plain(setting.default))
    if len(value) > 80 and isinstance(setting.default, tuple):
        items = [f"{pad}  - {_inline(plain(item))}" for item in setting.default]
        return [*lines, f"{pad}{setting.name}:", *items]
    return [*lines, f"{pad}{setting.name}: {value}"]


def _entry(item: type, pad: str) -> list[str]:
    """The settings of one entry of a list, those of lists within it among them."""
    lines = []
    for number, inner in enumerate(settings_of(item)):
        lead = "- " if number == 0 else "  "
        shown = "" if inner.default is dataclasses.MISSING else _inline(plain(inner.default))
        doc = f"  # {inner.doc}" if inner.doc else ""
        if inner.item is not None:
            lines.append(f"{pad}{lead}{inner.name}:{doc}")
            lines += _entry(inner.item, f"{pad}    ")
        else:
            lines.append(f"{pad}{lead}{inner.name}: {shown}{doc}".rstrip())
    return lines


def _comment(text: str, pad: str) -> list[str]:
    if not text:
        return []
    return [f"{pad}# {line}" for line in textwrap.wrap(text, 96 - len(pad))]


def _bounds(setting: Setting) -> list[str]:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    parts = [f"{words[key]} {value}" for key, value in setting.constraints.items() if key in words]
    if isinstance(setting.kind, type) and issubclass(setting.kind, Enum):
        parts.append("one of " + ", ".join(str(member.value) for member in setting.kind))
    return [f"({', '.join(parts)})"] if parts else []


def dump(settings: Any) -> str:
    """The whole tree as YAML, secrets hidden."""
    return yaml.safe_dump(plain(settings), sort_keys=False, allow_unicode=True, width=100)


def plain(value: Any, *, secret: bool = False) -> Any:
    """Settings as YAML-ready data: paths and enums as text, secrets and URL passwords hidden."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            setting.name: plain(getattr(value, setting.name), secret=setting.secret)
            for setting in settings_of(type(value))
        }
    if isinstance(value, tuple | list):
        return [plain(item, secret=secret) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, secret=secret) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | Path):
        return HIDDEN if secret and str(value) else _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", str(value))
    return value


def only_given(shown: Any, given: Any) -> Any:
    """The part of ``shown`` (see :func:`plain`) whose sections and settings ``given`` names."""
    if not isinstance(shown, dict) or not isinstance(given, dict):
        return shown
    return {name: only_given(shown[name], given[name]) for name in shown if name in given}


def _inline(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").rstrip("\n")


def json_schema(tree: type) -> dict[str, Any]:
    """JSON Schema (2020-12) of the settings file, for editors and for other tools."""
    definitions: dict[str, Any] = {}
    schema = _section_schema(tree, definitions)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Sensorium settings"
    if definitions:
        schema["$defs"] = definitions
    return schema


def _section_schema(section: type, definitions: dict[str, Any]) -> dict[str, Any]:
    settings = settings_of(section)
    schema: dict[str, Any] = {
        "type": "object",
        "description": summary(section),
        "additionalProperties": False,
        "properties": {setting.name: _schema_of(setting, definitions) for setting in settings},
    }
    required = [each.name for each in settings if each.default is dataclasses.MISSING]
    return schema | ({"required": required} if required else {})


def _schema_of(setting: Setting, definitions: dict[str, Any]) -> dict[str, Any]:
    from pydantic import TypeAdapter

    if setting.section is not None:
        return _section_schema(setting.section, definitions)
    if setting.item is not None:
        schema: dict[str, Any] = {
            "type": "array",
            "items": _section_schema(setting.item, definitions),
        }
    else:
        schema = TypeAdapter(setting.annotated).json_schema()
        definitions.update(schema.pop("$defs", {}))
    if setting.doc:
        schema["description"] = setting.doc
    if setting.default is not dataclasses.MISSING:
        schema["default"] = plain(setting.default)
    return schema
