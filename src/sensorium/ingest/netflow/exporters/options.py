"""Options records: what they say of elements (RFC 5610), and how people see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes.naming import named_fields
from sensorium.ingest.netflow.attributes.objects import Context, forgiving_object
from sensorium.ingest.netflow.exporters.remembered import Source
from sensorium.ingest.netflow.registry.lookup import (
    BY_NUMBER,
    Information,
    Key,
    Type,
    defined,
)
from sensorium.ingest.netflow.template import Template
from sensorium.model.address import unpack_address
from sensorium.model.signals import FlowType

_ELEMENT_ID: Final = 303
_DATA_TYPE: Final = 339
_NAME: Final = 341
_ENTERPRISE: Final = 346
_ENTERPRISE_BIT: Final = 0x8000
_TYPE_NAMES: Final = tuple(FlowType)


def read_elements(
    template: Template, records: list[list[bytes]]
) -> Iterator[tuple[Key, Information | None]]:
    """The elements that type information records define (RFC 5610 section 3.9).

    None where the name is not one, or is taken by a column or by an element of a registry.
    """
    place = {field.id: index for index, field in enumerate(template.fields) if field.pen == 0}
    if _NAME not in place or _ELEMENT_ID not in place:
        return
    for values in records:
        number = int.from_bytes(values[place[_ELEMENT_ID]], "big") & ~_ENTERPRISE_BIT
        enterprise = _number(values, place, _ENTERPRISE)
        kind = _number(values, place, _DATA_TYPE)
        name = values[place[_NAME]].rstrip(b"\0").decode("utf-8", "replace")
        if enterprise:
            known = defined(name, BY_NUMBER[kind] if kind < len(BY_NUMBER) else Type.OCTETS)
            yield (enterprise, number), known


def _number(values: list[bytes], place: dict[int, int], element: int) -> int:
    return int.from_bytes(values[place[element]], "big") if element in place else 0


def options_object(
    source: Source, template_id: int, head: npt.NDArray[np.int64], values: list[bytes]
) -> dict[str, Any]:
    """An options record by its elements' names, with the columns of its datagram.

    ``options_data`` names the elements that are its scope.
    """
    template = source.templates[template_id]
    context = Context(source.templates.get, source.learned)
    names = [known.name for _, _, known in named_fields(template, source.learned)]
    return {
        "type": _TYPE_NAMES[source.protocol].value,
        "options_data": {"template_id": template_id, "scope": names[: template.scopes]},
        "time_received_ns": int(head[at.H_ARRIVAL_NS]),
        "sampler_address": unpack_address(source.address),
        "observation_domain_id": source.domain,
        "sequence_num": int(head[at.H_SEQUENCE]),
        **forgiving_object(template, values, context),
    }
