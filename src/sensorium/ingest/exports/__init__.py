"""Files that other tools write: Zeek, Suricata, nfdump, pmacct, nProbe, Argus, SiLK, clouds, any
JSON.
"""

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
# So does ra's, where it is told what stands between them, and nProbe's.
_ARGUS = re.compile(
    rb"(?=[^\r\n]*\bStartTime\b)(?=[^\r\n]*\bSrcAddr\b)"
    rb"[ A-Za-z]+([,|;:\t][ A-Za-z0-9_.]*)+\r?\n"
)
_NPROBE = re.compile(
    rb"(?=[^\r\n]*\bIPV4_SRC_ADDR\b)(?=[^\r\n]*\bIPV4_DST_ADDR\b)\w+([|,;\t]\w+)+\r?\n"
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
# A list of objects, also as the records of one, or objects with a first key on a line of its own.
_DOCUMENTS = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*\{\s*("|\})|\{\s*"[Rr]ecords"\s*:\s*\[|\{[ \t]*\r?\n\s*")'
)
_ZEEK = re.compile(rb"#(separator|set_separator|empty_field|unset_field|path|fields)\b")


class Form(StrEnum):
    """The form of a file that another tool wrote."""

    ZEEK = "zeek"
    NFDUMP = "nfdump"
    ARGUS = "argus"
    NPROBE = "nprobe"
    RWCUT = "rwcut"
    VPC = "vpc"
    JSON_LINES = "json-lines"
    JSON = "json"


_BEGINNINGS = (
    (_ZEEK, Form.ZEEK),
    (_NFDUMP, Form.NFDUMP),
    (_ARGUS, Form.ARGUS),
    (_NPROBE, Form.NPROBE),
    (_RWCUT, Form.RWCUT),
    (_VPC, Form.VPC),
    (_DOCUMENTS, Form.JSON),
    (_JSON, Form.JSON_LINES),
)


def form_of(start: bytes) -> Form | None:
    """Which form a file has, told by its first bytes; None where it is none of these.

    :class:`~sensorium.ingest.exports.problem.ExportFileError` for what is known and not read.
    """
    from sensorium.ingest.exports.unread import refuse_unread

    form = next((form for begins, form in _BEGINNINGS if begins.match(start)), None)
    if form is None:
        refuse_unread(start)
    return form


def read_records(form: Form, file: BinaryIO, observe: Observe) -> Rows:
    """The records of a file, in its order, as batches of their signals.

    What cannot be used is counted in ``sensorium_ingest_dropped_total`` under the form's name.
    :class:`~sensorium.ingest.exports.problem.ExportFileError` for a log of Zeek's that is not
    conn.log.
    """
    from sensorium.ingest.exports.problem import Refusals

    return _reader(form)(file, Refusals(observe, form.value))


def _reader(form: Form) -> Callable[..., Rows]:
    from sensorium.ingest.exports import argus, json_objects, nfdump, nprobe, silk, vpc, zeek

    return {
        Form.ZEEK: zeek.read_log,
        Form.NFDUMP: nfdump.read_csv,
        Form.ARGUS: argus.read_columns,
        Form.NPROBE: nprobe.read_text,
        Form.RWCUT: silk.read_rwcut,
        Form.VPC: vpc.read_log,
        Form.JSON_LINES: json_objects.read_lines,
        Form.JSON: json_objects.read_documents,
    }[form]
