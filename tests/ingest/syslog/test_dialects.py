"""What real senders put where the RFCs have something else, each read as its sender meant it.

The lines are written here after the vendors' documentation, and shortened.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.model.address import pack_address
from sensorium.observe import Observe

ARRIVAL = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()) * 10**9
DECODER = SyslogDecoder(SyslogConfig(timezone="Europe/Berlin"), Observe())
SENDER = "192.0.2.7"


def at(text: str) -> int:
    """Unix nanoseconds of an ISO time, UTC where it states no zone."""
    stamp = datetime.fromisoformat(text)
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return int(stamp.timestamp()) * 10**9 + stamp.microsecond * 1000


def only(text: str) -> dict[str, Any]:
    slab = Datagrams.of(
        [text.encode()], arrival_ns=[ARRIVAL], src_addr=[pack_address(SENDER)]
    )  # fmt: skip
    (row,) = DECODER.decode(slab).to_pylist()
    attributes = dict(row["attributes"])
    attributes.pop("facility", None)
    return {**row, "attributes": attributes}


IOS = {"cisco.facility": "SYS", "cisco.severity": "5", "cisco.mnemonic": "CONFIG_I"}
LOCAL = "2026-11-23T10:00:00+01:00"
CASES = [
    # Cisco IOS: message count, sequence number, clock marks, milliseconds, zones, uptimes.
    ("<189>45: *Nov 23 10:00:00.123: %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00.123+01:00", SENDER, "%SYS-5-CONFIG_I", "Configured",
     {"sequence": "45", "clock": "*", **IOS}),
    ("<189>45: 000123: .Nov 23 10:00:00.123 UTC: %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00.123", SENDER, "%SYS-5-CONFIG_I", "Configured",
     {"sequence": "000123", "clock": ".", **IOS}),
    ("<189>45: core1: 000123: Nov 23 10:00:00 CET: %SYS-5-CONFIG_I: Configured",
     LOCAL, "core1", "%SYS-5-CONFIG_I", "Configured", {"sequence": "000123", **IOS}),
    ("<189>45: Nov 23 10:00:00 AEDT: %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "zone": "AEDT", **IOS}),
    ("<189>45: Nov 23 2025 10:00:00 EST: %SYS-5-CONFIG_I: Configured",
     "2025-11-23T15:00:00", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", **IOS}),
    ("<189>45: 1d02h: %SYS-5-CONFIG_I: Configured",
     "", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "uptime": "1d02h", **IOS}),
    ("<189>45: 00:00:46: %SYS-5-CONFIG_I: Configured",
     "", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "uptime": "00:00:46", **IOS}),
    ("<189>Nov 23 10:00:00 sw1 %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189>Nov 23 10:00:00 sw1 45: Nov 23 09:59:59: %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", **IOS}),
    ("<189>Nov 23 10:00:00 sw1 45: core1: *Feb 28 09:59:59 UTC: %SYS-5-CONFIG_I: Configured",
     LOCAL, "core1", "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "clock": "*", **IOS}),
    ("<189>Nov 23 10:00:00 sw1 45: Nov 23 09:59:59: Configured",
     LOCAL, "sw1", "45", "Nov 23 09:59:59: Configured", {}),
    # NX-OS, ASA, IOS XR.
    ("<189>: 2026 Nov 23 10:00:00 UTC: %ETHPORT-5-IF_UP: Interface up",
     "2026-11-23T10:00:00", SENDER, "%ETHPORT-5-IF_UP", "Interface up",
     {"cisco.facility": "ETHPORT", "cisco.severity": "5", "cisco.mnemonic": "IF_UP"}),
    ("<166>%ASA-6-302013: Built inbound TCP connection",
     "", SENDER, "%ASA-6-302013", "Built inbound TCP connection",
     {"cisco.facility": "ASA", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<166>Nov 23 2026 10:00:00 fw1 : %ASA-session-6-302013: Built",
     LOCAL, "fw1", "%ASA-session-6-302013", "Built",
     {"cisco.facility": "ASA-session", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<166>Nov 23 2026 10:00:00: %ASA-6-302013: Built",
     LOCAL, SENDER, "%ASA-6-302013", "Built",
     {"cisco.facility": "ASA", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<166>:Nov 23 10:00:00 EST: %ASA-6-302013: Built",
     "2026-11-23T15:00:00", SENDER, "%ASA-6-302013", "Built",
     {"cisco.facility": "ASA", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<189>123: RP/0/RSP0/CPU0:Nov 23 10:00:00.5 UTC: ifmgr[150]: %PKT_INFRA-LINK-3-UPDOWN : x",
     "2026-11-23T10:00:00.5", SENDER, "ifmgr", "x",
     {"sequence": "123", "node": "RP/0/RSP0/CPU0", "cisco.facility": "PKT_INFRA-LINK",
      "cisco.severity": "3", "cisco.mnemonic": "UPDOWN"}),
    ("<189>123: core1 RP/0/RSP0/CPU0:Nov 23 10:00:00.5 : ifmgr[150]: %PKT_INFRA-LINK-3-UPDOWN : x",
     "2026-11-23T10:00:00.5+01:00", "core1", "ifmgr", "x",
     {"sequence": "123", "node": "RP/0/RSP0/CPU0", "cisco.facility": "PKT_INFRA-LINK",
      "cisco.severity": "3", "cisco.mnemonic": "UPDOWN"}),
    # Times and zones.
    ("<14>Nov 23 10:00:00 2025 srx1 mgd[1234]: UI_COMMIT",
     "2025-11-23T09:00:00", "srx1", "mgd", "UI_COMMIT", {}),
    ("<14>Nov 23 10:00:00.250 2026 srx1 mgd[1234]: UI_COMMIT",
     "2026-11-23T09:00:00.25", "srx1", "mgd", "UI_COMMIT", {}),
    ("<14>Nov 23 10:00:00 -0500 host app: x", "2026-11-23T15:00:00", "host", "app", "x", {}),
    ("<14>Nov 23 10:00:00 GMT host app: x", "2026-11-23T10:00:00", "host", "app", "x", {}),
    ("<14>Nov 23 10:00:00 HOST app: x", LOCAL, "HOST", "app", "x", {}),
    ("<14>2026-11-23T10:00:00 host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>2026-11-23T10:00:00+0100 host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>2026-11-23T10:00:00.5+01:00 host app[7]: x",
     "2026-11-23T09:00:00.5", "host", "app", "x", {}),
    ("<14>2026-11-23 10:00:00,5 host app: x", "2026-11-23T09:00:00.5", "host", "app", "x", {}),
    ("<14>2026-11-23 10:00:00 +0100 host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>2026 Nov 23 10:00:00 host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>Nov 23 10:00:00  host app: x", LOCAL, "host", "app", "x", {}),
    # Nobody's priority, nobody's name.
    ("Nov 23 10:00:00 host sshd[7]: x", LOCAL, "host", "sshd", "x", {}),
    ("2026-11-23T10:00:00+01:00 host sshd[7]: x", LOCAL, "host", "sshd", "x", {}),
    ("2026-11-23 10:00:00 INFO starting up", "", SENDER, "",
     "2026-11-23 10:00:00 INFO starting up", {}),
    ("45: *Nov 23 10:00:00: %SYS-5-CONFIG_I: x", LOCAL, SENDER, "%SYS-5-CONFIG_I", "x",
     {"sequence": "45", "clock": "*", **IOS}),
    ("45: text", "", SENDER, "", "45: text", {}),
    ("<13>45: text", "", SENDER, "45", "text", {}),
    ("<30>Nov 23 10:00:00 systemd[1]: Started x.", LOCAL, SENDER, "systemd", "Started x.", {}),
    ("<4>[12345.678] eth0: link up", "", SENDER, "", "[12345.678] eth0: link up", {}),
    # Repetitions.
    ("<13>Nov 23 10:00:00 last message repeated 3 times", LOCAL, SENDER, "",
     "last message repeated 3 times", {"repeated": "3"}),
    ("<13>Nov 23 10:00:00 host last message repeated 3 times", LOCAL, "host", "",
     "last message repeated 3 times", {"repeated": "3"}),
    ("<13>Nov 23 10:00:00 host sshd: message repeated 2 times: [ x]", LOCAL, "host", "sshd",
     "message repeated 2 times: [ x]", {"repeated": "2"}),
    # A count where none belongs (rsyslog and syslog-ng, set to octet counting, over UDP).
    ("36 <13>Nov 23 10:00:00 host app: counted", LOCAL, "host", "app", "counted", {}),
    # FortiOS, PAN-OS, RouterOS, CEF.
    ('<189>date=2026-11-23 time=10:00:00 devname="fg1" devid="FG1" tz="-0500" level="notice"',
     "2026-11-23T15:00:00", "fg1", "",
     'date=2026-11-23 time=10:00:00 devname="fg1" devid="FG1" tz="-0500" level="notice"', {}),
    ("<189>date=2026-11-23 time=10:00:00 devname=fg1 logid=1", LOCAL, "fg1", "",
     "date=2026-11-23 time=10:00:00 devname=fg1 logid=1", {}),
    ("<14>Nov 23 10:00:00 pa1 1,2026/11/23 10:00:00,0070,TRAFFIC,end", LOCAL, "pa1", "",
     "1,2026/11/23 10:00:00,0070,TRAFFIC,end", {}),
    ("<30>system,info,account user admin logged in", "", SENDER, "system",
     "user admin logged in", {"topics": "system,info,account"}),
    ("<30>Nov 23 10:00:00 gw1 firewall,info forward: in:ether1", LOCAL, "gw1", "firewall",
     "forward: in:ether1", {"topics": "firewall,info"}),
    ("<30>apples,pears and plums", "", SENDER, "", "apples,pears and plums", {}),
    ("<134>Nov 23 10:00:00 host CEF:0|Vendor|x", LOCAL, "host", "", "CEF:0|Vendor|x", {}),
    # RFC 5424 with what does not belong there.
    ("<1>217 <11>1 - -", "", SENDER, "", "", {"version": "217", "timestamp": "<11>1"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "time", "host", "app", "body", "attributes"), CASES)
def test_a_dialect_is_read(
    text: str, time: str, host: str, app: str, body: str, attributes: dict[str, str]
) -> None:
    row = only(text)
    assert (row["host"], row["app"], row["body"]) == (host, app, body)
    assert row["attributes"] == attributes
    assert row["time_ns"] == (at(time) if time else ARRIVAL)


def test_without_a_priority_a_mnemonic_says_how_severe_it_is() -> None:
    row = only("45: *Nov 23 10:00:00: %LINK-3-UPDOWN: x")
    assert (row["severity_text"], row["severity_number"]) == ("err", 17)
    assert only("Nov 23 10:00:00 host app: x")["severity_text"] == ""


def test_a_priority_is_believed_more_than_a_mnemonic() -> None:
    assert only("<184>45: *Nov 23 10:00:00: %LINK-3-UPDOWN: x")["severity_text"] == "emerg"
