"""Reading a text as a file of one form, with what was refused."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from sensorium.ingest.exports import form_of, read_records
from sensorium.ingest.render import to_json_lines
from sensorium.observe import Observe


def read(content: bytes) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Every record as ``sensorium decode`` prints it, and how many were refused, by reason."""
    form = form_of(content[:4096])
    assert form is not None
    observe = Observe()
    records = [
        json.loads(line)
        for _, batch in read_records(form, BytesIO(content), observe)
        for line in to_json_lines(batch)
    ]
    refused = {
        sample.labels["reason"]: sample.value
        for family in observe.registry.collect()
        for sample in family.samples
        if sample.name == "sensorium_ingest_dropped_total"
    }
    return records, refused


def said(record: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Some of a record's values."""
    return tuple(record[name] for name in names)
