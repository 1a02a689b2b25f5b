"""What the protocols are called where they are counted, and in what unit they count."""

from __future__ import annotations

from typing import Final

PROTOCOLS: Final = (
    *("netflow_v1", "netflow_v5", "netflow_v7", "netflow_v8"),
    *("netflow_v9", "ipfix", "netflow_unknown"),
)
"""Values of the ``protocol`` label, by protocol number."""

UNITS: Final = ("", "flows", "flows", "flows", "packets", "records")
"""The units of sequence numbers, by protocol number; NetFlow v1 has no such numbers."""
