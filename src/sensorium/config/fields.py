"""What a config dataclass says about its fields: type, one-line doc, constraints, default."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union


@dataclass(frozen=True, slots=True)
class Setting:
    """One field. ``section`` is its dataclass where it is a section; ``item`` where it is a list
    of sections; both are None for a plain value. ``path`` is set for text that is a path."""

    name: str
    kind: Any
    doc: str
    constraints: dict[str, Any]
    default: Any
    section: type | None
    item: type | None
    path: bool = False

    @property
    def annotated(self) -> Any:
        """The type with its constraints, as pydantic reads it."""
        from pydantic import Field  # the one heavy import of settings, made when they are read

        return Annotated[self.kind, Field(**self.constraints)] if self.constraints else self.kind

    @property
    def secret(self) -> bool:
        """Whether the value is kept out of everything that is printed."""
        return self.name.rpartition("_")[2] in {"password", "token", "secret"}


@cache
def settings_of(section: type) -> tuple[Setting, ...]:
    """The fields of a config dataclass, in the order written."""
    return tuple(_settings_of(section))


def _settings_of(section: type) -> Iterator[Setting]:
    hints = typing.get_type_hints(section)
    for field in dataclasses.fields(section):
        kind = hints[field.name]
        yield Setting(
            name=field.name,
            kind=kind,
            doc=str(field.metadata.get("doc", "")).removesuffix("."),
            constraints=dict(field.metadata.get("constraints", {})),
            default=_default(field),
            section=_dataclass(kind),
            item=_item(kind),
            path=bool(field.metadata.get("path")),
        )


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default  # MISSING where the value must be given


def _dataclass(kind: Any) -> type | None:
    if typing.get_origin(kind) in {Union, types.UnionType}:
        chosen = [arm for arm in typing.get_args(kind) if arm is not type(None)]
        kind = chosen[0] if len(chosen) == 1 else None
    return kind if isinstance(kind, type) and dataclasses.is_dataclass(kind) else None


def _item(kind: Any) -> type | None:
    if typing.get_origin(kind) is tuple:
        arguments = typing.get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _dataclass(arguments[0])
    return None


def summary(section: type) -> str:
    """The first line of a section's docstring."""
    return (section.__doc__ or "").strip().split("\n", 1)[0]
