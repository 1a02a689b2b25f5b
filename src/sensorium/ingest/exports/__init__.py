"""Files that other tools write: Zeek, Suricata, nfdump, pmacct, rwcut, AWS VPCs, any JSON."""

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
# A line of titles with the two ends and, somewhere, a bar or another character between fields.
_RWCUT = re.compile(
    rb"(?=[^\r\n]*\bsIP\b)(?=[^\r\n]*\bdIP\b)[ \t]*[A-Za-z+]+ *[|,;:\t][ \t|,;:A-Za-z0-9+_-]*\r?\n"
)
# The names of fields, or records of the default format, perhaps each after when it was delivered.
_VPC = re.compile(
    rb"(?=[^\r\n]*\bsrcaddr\b)(?=[^\r\n]*\bdstaddr\b)[a-z0-9-]+( [a-z0-9-]+)+\r?\n"
    rb"|(\d{4}-\d\d-\d\dT[\d:.]+Z )?2 (\d{12}|unknown) eni-[0-9a-f]+ (\S+ ){10}\S+\r?(\n|$)"
)
_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*("|\})')
# A list of objects, or objects with their first key on a line of its own.
_DOCUMENTS = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*\{\s*("|\})|\{[ \t]*\r?\n\s*")')
_NFCAPD = re.compile(rb"\x0c\xa5|\xa5\x0c")
_ZEEK = re.compile(rb"#(separator|set_separator|empty_field|unset_field|path|fields)\b")


# Text for people, of tools whose other output is read.
_NFDUMP_LINES = re.compile(rb"Date first seen +[^\r\n]*\bSrc IP Addr")
_PMACCT = re.compile(
    rb"(?=[^\r\n]*\bSRC_IP\b)(?=[^\r\n]*\bDST_IP\b)[A-Z0-9_]+[ ,][A-Z0-9_ ,]*\r?\n"
)


class Form(StrEnum):
    """The form of a file that another tool wrote."""

    ZEEK = "zeek"
    NFDUMP = "nfdump"
    NFDUMP_LINES = "nfdump-lines"
    NFCAPD = "nfcapd"
    PMACCT = "pmacct"
    RWCUT = "rwcut"
    VPC = "vpc"
    JSON_LINES = "json-lines"
    JSON = "json"


_BEGINNINGS = (
    (_ZEEK, Form.ZEEK),
    (_NFDUMP, Form.NFDUMP),
    (_NFCAPD, Form.NFCAPD),
    (_RWCUT, Form.RWCUT),
    (_VPC, Form.VPC),
    (_DOCUMENTS, Form.JSON),
    (_JSON, Form.JSON_LINES),
    (_NFDUMP_LINES, Form.NFDUMP_LINES),
    (_PMACCT, Form.PMACCT),
)


def form_of(start: bytes) -> Form | None:
    """Which form a file has, told by its first bytes; None where it is none of these."""
    return next((form for begins, form in _BEGINNINGS if begins.match(start)), None)


def read_records(form: Form, file: BinaryIO, observe: Observe) -> Rows:
    """The records of a file, in its order, as batches of their signals.

    What cannot be used is counted in ``sensorium_ingest_dropped_total`` under the form's name.
    :class:`~sensorium.ingest.exports.problem.ExportFileError` for a log of Zeek's that is not
    conn.log, for what nfcapd writes, and for text of nfdump and pmacct that is for people.
    """
    from sensorium.ingest.exports.problem import Refusals

    return _reader(form)(file, Refusals(observe, form.value))


def _reader(form: Form) -> Callable[..., Rows]:
    from sensorium.ingest.exports import json_objects, nfdump, pmacct, silk, vpc, zeek

    return {
        Form.ZEEK: zeek.read_log,
        Form.NFDUMP: nfdump.read_csv,
        Form.NFDUMP_LINES: nfdump.refuse_lines,
        Form.NFCAPD: nfdump.refuse_binary,
        Form.PMACCT: pmacct.refuse_columns,
        Form.RWCUT: silk.read_rwcut,
        Form.VPC: vpc.read_log,
        Form.JSON_LINES: json_objects.read_lines,
        Form.JSON: json_objects.read_documents,
    }[form]
