"""The Arrow schemas of a recording's two tables, and how their Parquet files are written.

Column order is part of the format. Times are int64 Unix nanoseconds.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

DATAGRAM_TABLE = pa.schema(
    [
        pa.field("arrival_ns", pa.int64(), nullable=False),
        pa.field("src_addr", pa.binary(16), nullable=False),
        pa.field("src_port", pa.uint16(), nullable=False),
        pa.field("dst_port", pa.uint16(), nullable=False),
        pa.field("payload", pa.binary(), nullable=False),
    ]
)

SCRAPE_TABLE = pa.schema(
    [
        pa.field("time_ns", pa.int64(), nullable=False),
        pa.field("job", pa.string(), nullable=False),
        pa.field("instance", pa.string(), nullable=False),
        pa.field("status", pa.int32(), nullable=False),
        pa.field("duration_ns", pa.int64(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
    ]
)

# One page is one ZSTD frame. Two scrapes of one target differ in a few digits, so a page must
# span many rounds of scrapes before the second costs almost nothing.
_PAGE_BYTES: Final = 64 * 1024 * 1024

PARQUET_OPTIONS: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 19,
    "data_page_size": _PAGE_BYTES,
    "row_group_size": 4 * 1024 * 1024,
    "max_rows_per_page": 4 * 1024 * 1024,
    "write_statistics": False,
}
