"""Files that are known by their beginning and not read, with what to do instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sensorium.ingest.exports.problem import ExportFileError


@dataclass(frozen=True, slots=True)
class Unread:
    """How such a file begins, what it is, and what can be read in its stead."""

    begins: re.Pattern[bytes]
    what: str
    next_step: str


_UNREAD: Final = (
    Unread(
        re.compile(rb"\x0c\xa5|\xa5\x0c"),
        "this is a file of nfcapd, in a form of its own",
        "print it first: TZ=UTC nfdump -r FILE -o json",
    ),
    Unread(
        re.compile(rb"Date first seen +[^\r\n]*\bSrc IP Addr"),
        "these are nfdump's lines for people, which round what they count",
        "print them so: TZ=UTC nfdump -r FILE -o json",
    ),
    Unread(
        # IP version, times, protocol, ends as four numbers, counts: 22 numbers, 24 in 1.6.
        re.compile(rb"(?:2|10)\|(?:[0-9]+\|){20,22}[0-9]+\r?\n|\s*Flow Record: *\r?\n"),
        "this is what nfdump prints with -o pipe or raw",
        "print it so: TZ=UTC nfdump -r FILE -o json",
    ),
    Unread(
        re.compile(rb"(?=[^\r\n]*\bSRC_IP\b)(?=[^\r\n]*\bDST_IP\b)[A-Z0-9_]+[ ,][A-Z0-9_ ,]*\r?\n"),
        "these are pmacct's columns of text; of pmacct JSON is read",
        "set print_output: json (pmacct -O json)",
    ),
    Unread(
        re.compile(rb"(?=[^\r\n]*\bStartTime\b)(?=[^\r\n]*\bSrcAddr\b) *[A-Za-z]+[ A-Za-z]*\r?\n"),
        "these are ra's columns for people, which may be cut",
        "print them so: ra -r FILE -n -u -c , -s +dur,spkts,dpkts,sbytes,dbytes",
    ),
    Unread(
        re.compile(rb"\xde\xad\xbe\xef"),
        "this is a file of SiLK's, in a form of its own",
        "print it first: rwcut --all-fields FILE",
    ),
    Unread(
        re.compile(rb"PAR1"),
        "this is a Parquet file",
        "print its rows as JSON: duckdb -c \"copy (from 'FILE') to '/dev/stdout' (format json)\"",
    ),
)


def refuse_unread(start: bytes) -> None:
    """ExportFileError if a file that begins so is one of these."""
    for unread in _UNREAD:
        if unread.begins.match(start):
            raise ExportFileError(unread.what, next_step=unread.next_step)
