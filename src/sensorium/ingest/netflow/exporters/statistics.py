"""What exporters say of themselves: counts of what they metered, left out and could not send.

RFC 7011 sections 4.1 to 4.4 name no template number: such an options template is known by its
elements and their scope. NetFlow v9's exporters send the first under the same element numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sensorium.ingest.netflow.registry.lookup import V9_SCOPE, information
from sensorium.ingest.netflow.template import Template

_DOMAIN: Final = (0, 149)
_METERING: Final = (0, 143)
_EXPORTING: Final = frozenset({(0, 144), (0, 130), (0, 131)})
_TEMPLATE: Final = (0, 145)
_FLOW_KEYS: Final = 173


class Kind(StrEnum):
    """Which of the sections' options a template is for."""

    METERING = "metering"
    METERING_RELIABILITY = "metering_reliability"
    EXPORTING_RELIABILITY = "exporting_reliability"
    FLOW_KEYS = "flow_keys"


_COUNTERS: Final = {
    Kind.METERING: (40, 41, 42),
    Kind.METERING_RELIABILITY: (164, 165),
    Kind.EXPORTING_RELIABILITY: (166, 167, 168),
}


@dataclass(frozen=True, slots=True)
class Statistic:
    """Counters by name, as totals since the exporter began; ``scope`` is whose they are."""

    kind: Kind
    scope: bytes
    counters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class FlowKeys:
    """Bit ``n`` of ``keys`` says that field ``n`` of a template is a flow key."""

    template_id: int
    keys: int


def totals(statistics: Iterable[Statistic]) -> dict[str, int]:
    """Counters by name, over all scopes."""
    found: dict[str, int] = {}
    for statistic in statistics:
        for name, value in statistic.counters:
            found[name] = found.get(name, 0) + value
    return found


def kinds_of(template: Template) -> frozenset[Kind]:
    """What an options template says of its exporter; empty where it says something else."""
    scope = {(field.pen, field.id) for field in template.fields[: template.scopes]}
    said = {field.id for field in template.fields[template.scopes :] if field.pen == 0}
    found = {kind for kind, numbers in _COUNTERS.items() if said.issuperset(numbers)}
    if not all(key in (_DOMAIN, _METERING) or key[0] == V9_SCOPE for key in scope):
        found -= {Kind.METERING, Kind.METERING_RELIABILITY}
    if not scope & _EXPORTING:
        found.discard(Kind.EXPORTING_RELIABILITY)
    if _TEMPLATE in scope and _FLOW_KEYS in said:
        found.add(Kind.FLOW_KEYS)
    return frozenset(found)


def read_statistics(
    template: Template, records: list[list[bytes]]
) -> Iterator[Statistic | FlowKeys]:
    """What the records of an options template say of their exporter."""
    kinds = sorted(kinds_of(template))
    places = {f.id: i for i, f in enumerate(template.fields) if f.pen == 0 and i >= template.scopes}
    scopes = {f.id: i for i, f in enumerate(template.fields[: template.scopes]) if f.pen == 0}
    for values in records:
        for kind in kinds:
            if kind is Kind.FLOW_KEYS:
                template_id = int.from_bytes(values[scopes[_TEMPLATE[1]]])
                yield FlowKeys(template_id, int.from_bytes(values[places[_FLOW_KEYS]]))
                continue
            yield Statistic(
                kind,
                b"\0".join(values[: template.scopes]),
                tuple(
                    (information(0, number).name, int.from_bytes(values[places[number]]))
                    for number in _COUNTERS[kind]
                ),
            )
