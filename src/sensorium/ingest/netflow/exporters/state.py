"""What the decoder has learned, as JSON: so that a restart does not wait for templates."""

from __future__ import annotations

import json
from typing import Any, Final

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.exporters.known import Exporters
from sensorium.ingest.netflow.exporters.sampling import Announcement
from sensorium.ingest.netflow.protocols import PROTOCOLS
from sensorium.ingest.netflow.registry.lookup import Information, Key, Type, defined
from sensorium.ingest.netflow.template import Definition, Field, Template
from sensorium.model.address import pack_address, unpack_address

VERSION = 1

_SECOND: Final = 1_000_000_000
_STEPS: Final = 100


class StateError(ValueError):
    """The bytes are not what :func:`dump` wrote; nothing was taken from them."""


def dump(exporters: Exporters) -> bytes:
    """Templates, sampling rates and boot times of all sources, in a stable order.

    What belongs to a transport session is left out: it ends with the process.
    Sequence numbers are left out: what was missed while the collector was down is not loss.
    """
    # In steps, so that a state whose templates only came again need not be written each time.
    step = max(exporters.lifetime_ns // _STEPS, _SECOND)
    sources = [
        {
            "exporter": unpack_address(source.address),
            "protocol": PROTOCOLS[source.protocol],
            "domain": source.domain,
            "boot_ms": int(exporters.boot_ms[number]),
            "rates": sorted(source.rates.by_key.items()),
            "exporter_rates": sorted(source.exporter.rates.by_key.items()),
            "elements": [
                [enterprise, number, known.name, known.type.name]
                for (enterprise, number), known in exporters.said_by(source)
            ],
            "templates": [
                {
                    "id": template_id,
                    "options": template.options,
                    "scopes": template.scopes,
                    "refreshed_ns": source.refreshed_ns[template_id] // step * step,
                    "fields": [[f.id, f.length, f.pen] for f in template.fields],
                }
                for template_id, template in sorted(source.templates.items())
            ],
        }
        for number, source in exporters.alive()
        if not source.session
        and (
            source.templates
            or source.rates.by_key
            or source.exporter.rates.by_key
            or exporters.said_by(source)
            or exporters.boot_ms[number] >= 0
        )
    ]
    text = json.dumps({"version": VERSION, "sources": sources}, separators=(",", ":"))
    return text.encode()


def _template(entry: Any) -> Definition:
    fields = tuple(Field(int(e), int(length), int(pen)) for e, length, pen in entry["fields"])
    template = Template(fields, bool(entry["options"]), int(entry["scopes"]))
    in_range = all(
        0 <= f.id <= 0xFFFF and 0 <= f.length <= 0xFFFF and 0 <= f.pen <= 0xFFFFFFFF for f in fields
    )
    if not (
        in_range
        and 0 < template.least_length <= 0xFFFF
        and 0 <= template.scopes <= len(fields)
        and at.FIRST_DATA_SET <= int(entry["id"]) <= 0xFFFF
    ):
        raise StateError(f"template {entry['id']} of the saved state cannot be")
    return Definition(int(entry["id"]), template)


Elements = list[tuple[Key, Information]]
Templates = list[tuple[Definition, int]]
Parsed = tuple[bytes, int, int, Templates, list[Announcement], Elements]


def _rates(pairs: Any, *, wide: bool) -> list[Announcement]:
    rates = [(int(key), int(rate)) for key, rate in pairs]
    if not all(-1 <= key < 1 << 63 and 0 < rate < 1 << 63 for key, rate in rates):
        raise StateError("a sampling rate of the saved state cannot be")
    return [Announcement(key, rate, -1, wide) for key, rate in rates]


def _elements(entries: Any) -> Elements:
    found = []
    for enterprise, number, name, kind in entries:
        known = defined(str(name), Type[kind])
        if known is None or not (0 < int(enterprise) < 1 << 32 and 0 <= int(number) <= 0x7FFF):
            raise StateError("an element of the saved state cannot be")
        found.append(((int(enterprise), int(number)), known))
    return found


def _source(entry: Any) -> Parsed:
    boot_ms = int(entry["boot_ms"])
    announcements = _rates(entry["rates"], wide=False)
    announcements += _rates(entry.get("exporter_rates", []), wide=True)
    if 0 <= boot_ms < 1 << 53:
        announcements.append(Announcement(-1, 0, boot_ms))
    protocol, domain = PROTOCOLS.index(entry["protocol"]), int(entry["domain"])
    if not (at.V1 <= protocol <= at.IPFIX and 0 <= domain <= 0xFFFFFFFF):
        raise StateError("a source of the saved state cannot be")
    # Without a time, as they were once saved, nobody can say that they still hold.
    definitions = [
        (_template(template), int(template["refreshed_ns"]))
        for template in entry["templates"]
        if 0 <= int(template.get("refreshed_ns", -1)) < 1 << 62
    ]
    elements = _elements(entry.get("elements", []))
    return pack_address(entry["exporter"]), protocol, domain, definitions, announcements, elements


def load(exporters: Exporters, state: bytes) -> int:
    """Take in what :func:`dump` wrote; the number of templates taken.

    What was learned since from the exporters themselves is kept. StateError if the state cannot
    be read, and then nothing has changed.
    """
    try:
        saved = json.loads(state)
        if saved["version"] != VERSION:
            raise StateError(f"the saved state is of version {saved['version']}, not {VERSION}")
        sources = [_source(entry) for entry in saved["sources"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateError(
            f"the saved templates cannot be read ({error}); exporters will send them again"
        ) from error
    taken = 0
    for address, protocol, domain, definitions, announcements, elements in sources:
        number = exporters.source(address, protocol, domain)
        if number < 0:
            continue
        source = exporters.sources[number]
        for key, known in elements:
            if key not in source.learned:
                exporters.name(number, key, known)
        for announcement in announcements:
            rates = source.exporter.rates if announcement.wide else source.rates
            newer = announcement.rate and announcement.key in rates.by_key
            if announcement.wide and not newer:
                exporters.announce_wide(number, announcement)
            elif not newer and (announcement.boot_ms < 0 or exporters.boot_ms[number] < 0):
                exporters.announce(number, announcement)
        exporters.settle(number)
        for definition, refreshed_ns in definitions:
            template = definition.template
            if template is not None and definition.id not in source.templates:
                refused = exporters.define(number, definition, refreshed_ns)
                taken += refused is None
    return taken
