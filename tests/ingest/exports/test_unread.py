"""What is known and not read is refused with what to do instead."""

from __future__ import annotations

import re
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.ingest.exports import form_of
from sensorium.ingest.exports.problem import ExportFileError
from sensorium.ingest.exports.unread import refuse_unread

PIPE = b"10|1700000007000|1700000007000|17|5|0|0|1|5353|5|0|0|2|53|0|0|0|0|0|0|1|88\n"


def parquet() -> bytes:
    file = BytesIO()
    pq.write_table(pa.table({"srcaddr": ["10.0.0.5"]}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("start", "what", "instead"),
    [
        (b"\xa5\x0c\x01\x00", "nfcapd", "nfdump -r FILE"),
        (b"\xde\xad\xbe\xef\x00\x01", "SiLK", "rwcut --all-fields"),
        (parquet(), "Parquet", "duckdb"),
        (b"SRC_IP,DST_IP,PACKETS\n1.2.3.4,1.2.3.5,1\n", "pmacct", "print_output: json"),
        (PIPE, "-o pipe", "-o json"),
        (b"\nFlow Record: \n  RecordCount  =                 1\n", "-o pipe or raw", "-o json"),
        (b"Date first seen    Duration Proto  Src IP Addr:Port\n", "nfdump", "-o json"),
    ],
)
def test_what_is_not_read_is_named(start: bytes, what: str, instead: str) -> None:
    with pytest.raises(ExportFileError, match=re.escape(what)) as refused:
        form_of(start)
    assert instead in str(refused.value.next_step)


def test_anything_else_is_left_to_others() -> None:
    refuse_unread(b"Nov 30 04:00:01 web1 sshd[7]: no such user\n")
    assert form_of(b"Nov 30 04:00:01 web1 sshd[7]: no such user\n") is None
