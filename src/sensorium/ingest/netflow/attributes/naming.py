"""Which elements of a template go into a row's attributes, and under which names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sensorium.ingest.netflow.registry.lookup import Information, Key, Type, information
from sensorium.ingest.netflow.template import Field, Template

_RESERVED: Final = (0, 0)
_PADDING: Final = (0, 210)
_MAY_BE_EMPTY: Final = (Type.UNSIGNED, Type.STRING, Type.OCTETS)

Learned = Mapping[Key, Information]
"""What an exporter has said of elements itself."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An element that fills no column: what it is, and which field of the template."""

    information: Information
    field: int


def named_fields(template: Template, learned: Learned) -> Iterator[tuple[int, Field, Information]]:
    """The template's fields with their names.

    The second and later ones of a name are called ``selectorId_2`` and so on, so that no value
    takes another's place.
    """
    times: dict[str, int] = {}
    for index, field in enumerate(template.fields):
        found = information(field.pen, field.id, learned)
        times[found.name] = times.get(found.name, 0) + 1
        if times[found.name] > 1:
            found = Information(f"{found.name}_{times[found.name]}", found.type)
        yield index, field, found


def attributes_of(
    template: Template, filled: Collection[int], learned: Learned, *, as_sent: bool = False
) -> tuple[Attribute, ...]:
    """What of a template is left when the fields ``filled`` have gone into columns.

    ``as_sent`` keeps padding and fields of no length.
    """
    return tuple(
        Attribute(found, index)
        for index, field, found in named_fields(template, learned)
        if index not in filled and is_shown(field, found, as_sent=as_sent)
    )


def is_shown(field: Field, known: Information, *, as_sent: bool) -> bool:
    """Whether a field says something; padding and fields of no length only ``as_sent``."""
    if (field.pen, field.id) == _RESERVED:
        return False
    if not field.length:
        return as_sent and known.type in _MAY_BE_EMPTY
    return as_sent or (field.pen, field.id) != _PADDING


def concerning(template: Template, learned: Learned) -> tuple[tuple[Key, Information], ...]:
    """What an exporter has said of the elements that a template has."""
    if not learned:
        return ()
    keys = dict.fromkeys((field.pen, field.id) for field in template.fields)
    return tuple((key, learned[key]) for key in keys if key in learned)
