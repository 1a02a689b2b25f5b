"""Files that other tools write: Zeek's conn.log, Suricata's eve.json, nfdump's CSV, JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.model.signals import Signal
    from sensorium.observe import Observe

    Rows = Iterator[tuple[Signal, pa.RecordBatch]]

# nfdump's first line names the columns, in an order that may be chosen.
_NFDUMP = re.compile(
    rb"(?=[^\r\n]*\b(ts|firstSeen)\b)(?=[^\r\n]*\b(sa|srcAddr)\b)[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)+\r?\n"
)
_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*("|\})')
# A list of objects, or objects with their first key on a line of its own.
_DOCUMENTS = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*\{\s*("|\})|\{[ \t]*\r?\n\s*")')
_NFCAPD = (b"\x0c\xa5", b"\xa5\x0c")
_ZEEK = re.compile(rb"#(separator|set_separator|empty_field|unset_field|path|fields)\b")


class Form(StrEnum):
    """The form of a file that another tool wrote."""

    ZEEK = "zeek"
    NFDUMP = "nfdump"
    NFCAPD = "nfcapd"
    JSON_LINES = "json-lines"
    JSON = "json"


def form_of(start: bytes) -> Form | None:
    """Which form a file has, told by its first bytes; None where it is none of these."""
    if _ZEEK.match(start):
        return Form.ZEEK
    if _NFDUMP.match(start):
        return Form.NFDUMP
    if start.startswith(_NFCAPD):
        return Form.NFCAPD
    if _DOCUMENTS.match(start):
        return Form.JSON
    return Form.JSON_LINES if _JSON.match(start) else None


def read_records(form: Form, file: BinaryIO, observe: Observe) -> Rows:
    """The records of a file, in its order, as batches of their signals.

    What cannot be used is counted in ``sensorium_ingest_dropped_total`` under the form's name.
    :class:`~sensorium.ingest.exports.problem.ExportFileError` for a log of Zeek's that is not
    conn.log, and for what nfcapd writes.
    """
    from sensorium.ingest.exports.problem import Refusals

    return _reader(form)(file, Refusals(observe, form.value))


def _reader(form: Form) -> Callable[..., Rows]:
    from sensorium.ingest.exports import json_objects, nfdump, zeek

    return {
        Form.ZEEK: zeek.read_log,
        Form.NFDUMP: nfdump.read_csv,
        Form.NFCAPD: nfdump.refuse_binary,
        Form.JSON_LINES: json_objects.read_lines,
        Form.JSON: json_objects.read_documents,
    }[form]
