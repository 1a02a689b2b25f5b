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
    ("<189>45: Nov 23 10:00:00 IST: %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "zone": "IST", **IOS}),
    ("<189>45: Nov 23 10:00:00 AEDT: %SYS-5-CONFIG_I: Configured",
     "2026-11-22T23:00:00", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", **IOS}),
    ("<189>45: 2001:db8::1: *Nov 23 10:00:00.123: %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00.123+01:00", "2001:db8::1", "%SYS-5-CONFIG_I", "Configured",
     {"sequence": "45", "clock": "*", **IOS}),
    # Cisco's tag in RFC 5424: the message stays whole.
    ("<189>1 2026-11-23T10:00:00+01:00 sw1 - - - - %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "", "%SYS-5-CONFIG_I: Configured", {"version": "1", **IOS}),
    ("<187>1 2026-11-23T10:00:00+01:00 r1 config 299 - [a b=\"c\"] : %SYS-5-CONFIG_I : Configured",
     LOCAL, "r1", "config", ": %SYS-5-CONFIG_I : Configured", {"version": "1", **IOS, "a.b": "c"}),
    ("<189>1 2026-11-23T10:00:00+01:00 sw1 - - - - %SYS is not one",
     LOCAL, "sw1", "", "%SYS is not one", {"version": "1"}),
    # The day before the month; times that do not exist.
    ("<34>23 Nov 10:00:00 gate sshd[7]: hello", LOCAL, "gate", "sshd", "hello", {}),
    ("<34>3 nov 2026 10:00:00.5 UTC gate sshd: hello",
     "2026-11-03T10:00:00.5", "gate", "sshd", "hello", {}),
    ("<34>Feb 30 10:00:00 gate sshd[7]: hello",
     "", "gate", "sshd", "hello", {"timestamp": "Feb 30 10:00:00"}),
    ("<34>Nov 23 24:00:00 UTC gate sshd[7]: hello",
     "", "gate", "sshd", "hello", {"timestamp": "Nov 23 24:00:00"}),
    ("<34>0000-00-00T00:00:00.000Z gate sshd[7]: hello",
     "", "gate", "sshd", "hello", {"timestamp": "0000-00-00T00:00:00.000Z"}),
    ("<34>2026-11-23 25:00:00 gate sshd[7]: hello",
     "", "gate", "sshd", "hello", {"timestamp": "2026-11-23 25:00:00"}),
    ("<188>45: Nov 23 10:00:00 PM.685 UTC : %SYS-5-CONFIG_I: Configured",
     "2026-11-23T22:00:00.685", SENDER, "%SYS-5-CONFIG_I", "Configured",
     {"sequence": "45", **IOS}),
    ("<189>45: Nov 23 2026 10:00:00 AM.484 UTC :  %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00.484", SENDER, "%SYS-5-CONFIG_I", "Configured",
     {"sequence": "45", **IOS}),
    # An origin without a number before it; a tag that is none of Cisco's stays the application.
    ("<189>core1: *Nov 23 10:00:00.5 UTC: %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00.5", "core1", "%SYS-5-CONFIG_I", "Configured", {"clock": "*", **IOS}),
    ("<189>core1: 1d02h: %SYS-5-CONFIG_I: Configured",
     "", "core1", "%SYS-5-CONFIG_I", "Configured", {"uptime": "1d02h", **IOS}),
    ("<189>backup: Nov 23 10:00:00: done", "", SENDER, "backup", "Nov 23 10:00:00: done", {}),
    ("<189>Nov 23 10:00:00 relay core1: Nov 23 09:59:59: %SYS-5-CONFIG_I: Configured",
     LOCAL, "core1", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189>45: Nov 23 2025 10:00:00 EST: %SYS-5-CONFIG_I: Configured",
     "2025-11-23T15:00:00", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", **IOS}),
    ("<189>45: 1d02h: %SYS-5-CONFIG_I: Configured",
     "", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "uptime": "1d02h", **IOS}),
    ("<189>45: 00:00:46: %SYS-5-CONFIG_I: Configured",
     "", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "uptime": "00:00:46", **IOS}),
    ("<189>45: 00:46: %SYS-5-CONFIG_I: Configured",
     "", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "uptime": "00:46", **IOS}),
    ("<189>00:46: %SYS-5-CONFIG_I: Configured",
     "", SENDER, "%SYS-5-CONFIG_I", "Configured", {"uptime": "00:46", **IOS}),
    ("<189>20:46: Configured", "", SENDER, "", "20:46: Configured", {}),
    ("<189>Nov 23 10:00:00 sw1 %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189>Nov 23 10:00:00 sw1 45: Nov 23 09:59:59: %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", **IOS}),
    ("<189>Nov 23 10:00:00 sw1 45: core1: *Feb 28 09:59:59 UTC: %SYS-5-CONFIG_I: Configured",
     LOCAL, "core1", "%SYS-5-CONFIG_I", "Configured", {"sequence": "45", "clock": "*", **IOS}),
    ("<189>Nov 23 10:00:00 sw1 45: Nov 23 09:59:59: Configured",
     LOCAL, "sw1", "", "Configured", {"sequence": "45"}),
    ("<189>: core1: Nov 23 10:00:00.5 UTC: NTP Core (NOTICE): Clock is synchronized.",
     "2026-11-23T10:00:00.5", "core1", "", "NTP Core (NOTICE): Clock is synchronized.", {}),
    # Zones that were named by whoever set the clock; severities as letters (Sx300).
    ("<189>45: 46: Nov 23 2026 10:00:00.5 mdt: %SYS-5-CONFIG_I: Configured",
     "2026-11-23T16:00:00.5", SENDER, "%SYS-5-CONFIG_I", "Configured", {"sequence": "46", **IOS}),
    ("<189>45: Nov 23 10:00:00 Sommer: %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured",
     {"sequence": "45", "zone": "Sommer", **IOS}),
    ("<189>: Nov 23 10:00:00 sommer: %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured", {"zone": "sommer", **IOS}),
    ("<189>*Nov 23 10:00:00 sommer: %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured", {"clock": "*", "zone": "sommer", **IOS}),
    # Where nothing stands before the time, what has small letters is the host (ACE, FWSM).
    ("<189>Nov 23 10:00:00 lbfront: %SYS-5-CONFIG_I: Configured",
     LOCAL, "lbfront", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189> Nov 23 2026 10:00:00 Edge: %SYS-5-CONFIG_I: Configured",
     LOCAL, "Edge", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189>Nov 23 10:00:00 IST: %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured", {"zone": "IST", **IOS}),
    ("<188>%SNMP-W-SNMPAUTHFAIL: Access attempted",
     "", SENDER, "%SNMP-W-SNMPAUTHFAIL", "Access attempted",
     {"cisco.facility": "SNMP", "cisco.severity": "W", "cisco.mnemonic": "SNMPAUTHFAIL"}),
    # A relay's header before a priority; ISE, whose tag has no colon; Kiwi's forwarding.
    ("Nov 23 10:00:00 sw1 <189>2: *Jan  2 00:00:43.167: %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", {"sequence": "2", "clock": "*", **IOS}),
    ("Nov 23 10:00:00 sw1 <189>28: Cisco IOS Software", LOCAL, "sw1", "28",
     "Cisco IOS Software", {}),
    ("<13>Nov 23 10:00:00 <30>app[7]: x", LOCAL, SENDER, "app", "x", {}),
    ("<178>Nov 23 10:00:00 ise1 CISE_Alarm WARN: Queue Link Error", LOCAL, "ise1", "CISE_Alarm",
     "WARN: Queue Link Error", {}),
    ("<190>Original Address=192.0.2.9 Nov 23 10:00:00 gate app: x", LOCAL, "gate", "app", "x",
     {"original_address": "192.0.2.9"}),
    ("<190>Original Address=192.0.2.9 1 2026-11-23T10:00:00Z - app 7 ID - x",
     "2026-11-23T10:00:00", "192.0.2.9", "app", "x",
     {"version": "1", "msgid": "ID", "original_address": "192.0.2.9"}),
    ("<190>Original Address=192.0.2.9  R/0:2026 Nov 23 10:00:00: x", LOCAL, "192.0.2.9", "", "x",
     {"node": "R/0", "original_address": "192.0.2.9"}),
    ("<190>Original Address=192.0.2.9 up", "", "192.0.2.9", "", "up",
     {"original_address": "192.0.2.9"}),
    ("Nov 23 10:00:00 <local0.info> ns1 nsd: x", LOCAL, "ns1", "nsd", "x",
     {"level": "local0.info"}),
    # WatchGuard: its serial number, and the time in UTC.
    ("<142>Nov 23 10:00:00 fb1 D0FE0123 (2026-11-23T09:00:01) firewall[10]: msg_id=\"3000\" x",
     "2026-11-23T09:00:01", "fb1", "firewall", 'msg_id="3000" x', {"node": "D0FE0123"}),
    ("<142>Nov 23 10:00:00 fb1 D0FE0123 (2026-11-31T09:00:01) x", LOCAL, "fb1", "",
     "D0FE0123 (2026-11-31T09:00:01) x", {}),
    # AireOS, APIC.
    ("<132>wlc1: *spamTask1: Nov 23 10:00:00.958: %CAPWAP-4-DISC: [PA]x.c:2053 Ignoring",
     "2026-11-23T10:00:00.958+01:00", "wlc1", "%CAPWAP-4-DISC", "[PA]x.c:2053 Ignoring",
     {"cisco.facility": "CAPWAP", "cisco.severity": "4", "cisco.mnemonic": "DISC"}),
    ("<132>wlc1: *apfTask: Nov 23 10:00:00.958: #APF-3-AID: x.c:1 x",
     "2026-11-23T10:00:00.958+01:00", "wlc1", "#APF-3-AID", "x.c:1 x",
     {"cisco.facility": "APF", "cisco.severity": "3", "cisco.mnemonic": "AID"}),
    ("<186>July 23 10:00:00 apic1 %LOG_LOCAL0-2-SYSTEM_MSG [F0110][soaking] Node 102",
     "2026-07-23T08:00:00", "apic1", "%LOG_LOCAL0-2-SYSTEM_MSG", "[F0110][soaking] Node 102",
     {"cisco.facility": "LOG_LOCAL0", "cisco.severity": "2", "cisco.mnemonic": "SYSTEM_MSG"}),
    # NX-OS, ASA, IOS XR, EOS.
    ("<189>2026 Nov 23 10:00:00 UTC: %$ VDC-2 %$ %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00", SENDER, "%SYS-5-CONFIG_I", "Configured", {"node": "VDC-2", **IOS}),
    ("<189>Nov 23 10:00:00 n9k : 2026 Nov 23 09:59:59 CET: %SYS-5-CONFIG_I: Configured",
     LOCAL, "n9k", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189>45: RP/0/RP0/CPU0:2026 Nov 23 10:00:00.5 UTC: bgp[1]: %SYS-5-CONFIG_I : Configured",
     "2026-11-23T10:00:00.5", SENDER, "bgp", "Configured",
     {"sequence": "45", "node": "RP/0/RP0/CPU0", **IOS}),
    ("<189>Nov 23 10:00:00 leaf1 Stp[12]: 1234: %SYS-5-CONFIG_I: Configured",
     LOCAL, "leaf1", "Stp", "Configured", {"sequence": "1234", **IOS}),
    ("<189>: 2026 Nov 23 10:00:00 UTC: %ETHPORT-5-IF_UP: Interface up",
     "2026-11-23T10:00:00", SENDER, "%ETHPORT-5-IF_UP", "Interface up",
     {"cisco.facility": "ETHPORT", "cisco.severity": "5", "cisco.mnemonic": "IF_UP"}),
    ("<166>%ASA-6-302013: Built inbound TCP connection",
     "", SENDER, "%ASA-6-302013", "Built inbound TCP connection",
     {"cisco.facility": "ASA", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<166>fw1 : %ASA-6-302013: Built inbound TCP connection",
     "", "fw1", "%ASA-6-302013", "Built inbound TCP connection",
     {"cisco.facility": "ASA", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<166>fw1 : no tag", "", SENDER, "", "fw1 : no tag", {}),
    ("<166>Nov 23 2026 10:00:00 fw1 : %ASA-session-6-302013: Built",
     LOCAL, "fw1", "%ASA-session-6-302013", "Built",
     {"cisco.facility": "ASA-session", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
    ("<166>Nov 23 2026 10:00:00 fw1: %ASA-6-302013: Built",
     LOCAL, "fw1", "%ASA-6-302013", "Built",
     {"cisco.facility": "ASA", "cisco.severity": "6", "cisco.mnemonic": "302013"}),
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
    ("<190>Nov 23 10:00:00 xr1 LC/0/0/CPU0:Nov 23 09:59:59.5 UTC: nfsvr[4]: %SYS-5-CONFIG_I : x",
     LOCAL, "xr1", "nfsvr", "x", {"node": "LC/0/0/CPU0", **IOS}),
    ("<189>123: core1 RP/0/RSP0/CPU0:Nov 23 10:00:00.5 : ifmgr[150]: %PKT_INFRA-LINK-3-UPDOWN : x",
     "2026-11-23T10:00:00.5+01:00", "core1", "ifmgr", "x",
     {"sequence": "123", "node": "RP/0/RSP0/CPU0", "cisco.facility": "PKT_INFRA-LINK",
      "cisco.severity": "3", "cisco.mnemonic": "UPDOWN"}),
    # Dell's FTOS: its name after the time, and the unit before the tag.
    ("<189>Nov 23 10:00:00: sw1: %STKUNIT0-M:CP %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", {"node": "STKUNIT0-M:CP", **IOS}),
    ("<189>Nov 23 10:00:00.5: sw1: %SYS-5-CONFIG_I: Configured",
     "2026-11-23T10:00:00.5+01:00", "sw1", "%SYS-5-CONFIG_I", "Configured", IOS),
    ("<189>Nov 23 10:00:00 sw1 %RPM0-P:CP %SYS-5-CONFIG_I: Configured",
     LOCAL, "sw1", "%SYS-5-CONFIG_I", "Configured", {"node": "RPM0-P:CP", **IOS}),
    ("<189>Nov 23 10:00:00: %RPM0-P:CP %SYS-5-CONFIG_I: Configured",
     LOCAL, SENDER, "%SYS-5-CONFIG_I", "Configured", {"node": "RPM0-P:CP", **IOS}),
    ("<189>Nov 23 10:00:00 sw1 %RPM0-P:CP Configured",
     LOCAL, "sw1", "", "%RPM0-P:CP Configured", {}),
    # A time in brackets (Avi, Apache's error log) or in a table's first cell (Zscaler's NSS).
    ("<46>[2026-11-23 10:00:00,123: Avi-Controller: INFO: ] text",
     "2026-11-23T10:00:00.123+01:00", SENDER, "",
     "[2026-11-23 10:00:00,123: Avi-Controller: INFO: ] text", {}),
    ("[Mon Nov 23 10:00:00.123456 2026] [core:error] [pid 7:tid 8] x",
     "2026-11-23T10:00:00.123456+01:00", SENDER, "",
     "[Mon Nov 23 10:00:00.123456 2026] [core:error] [pid 7:tid 8] x", {}),
    ("<14>[2026-11-23T10:00:00Z] app: x",
     "2026-11-23T10:00:00", SENDER, "", "[2026-11-23T10:00:00Z] app: x", {}),
    ("<14>[2026-11-23 10:00:00 UTC] x",
     "2026-11-23T10:00:00", SENDER, "", "[2026-11-23 10:00:00 UTC] x", {}),
    ("<14>[2026-11-23 10:00:00", "", SENDER, "", "[2026-11-23 10:00:00", {}),
    ("2026-11-23 10:00:00\treason=Allowed\tevent_id=1",
     LOCAL, SENDER, "", "2026-11-23 10:00:00\treason=Allowed\tevent_id=1", {}),
    ("Mon Nov 23 10:00:00 2026\tgate\tAllowed",
     LOCAL, SENDER, "", "Mon Nov 23 10:00:00 2026\tgate\tAllowed", {}),
    ("<134>Nov 23 10:00:00 UTC\tgate\tAllowed",
     "2026-11-23T10:00:00", SENDER, "", "Nov 23 10:00:00 UTC\tgate\tAllowed", {}),
    # HAProxy's format timed: what follows the time is a client.
    ("<6>2026-11-23T10:00:00.5+01:00 192.0.2.7:40050 [23/Nov/2026:10:00:00.500] fe be/s1 0/0",
     "2026-11-23T09:00:00.5", SENDER, "",
     "192.0.2.7:40050 [23/Nov/2026:10:00:00.500] fe be/s1 0/0", {}),
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
    ("<190>NOV 23 10:00:00 10.0.0.9-1 CMDLOGGER[16]: x", LOCAL, "10.0.0.9-1", "CMDLOGGER", "x", {}),
    ("<14>Nov 23 9:00:00 host app: x", "2026-11-23T08:00:00", "host", "app", "x", {}),
    ("<14>Nov 23 10:00:00. host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>Nov 23 10:00:00:250 2026 sw1 app: x",
     "2026-11-23T09:00:00.25", "sw1", "app", "x", {}),
    ("<14>Nov 23 2026 10:00:00+02:00 sw1 app: x", "2026-11-23T08:00:00", "sw1", "app", "x", {}),
    ("<14>Nov 23 10:00:00 UTC+2 host app: x", "2026-11-23T08:00:00", "host", "app", "x", {}),
    ("<14>Nov 23 10:00:00 GMT-05:30 host app: x", "2026-11-23T15:30:00", "host", "app", "x", {}),
    ("<14>Mon Nov 23 10:00:00 2026 host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>Sun Nov 23 10:00:00 CET 2025 host app: x",
     "2025-11-23T09:00:00", "host", "app", "x", {}),
    ("<14>2026/11/23 10:00:00 host app: x", LOCAL, "host", "app", "x", {}),
    ("<30>2026:11:23-10:00:00 utm1 ulogd[7]: x", LOCAL, "utm1", "ulogd", "x", {}),
    ("<135> 11/23/2026:10:00:00 GMT ns1 0-PPE-0 : default TCP x",
     "2026-11-23T10:00:00", "ns1", "", "0-PPE-0 : default TCP x", {}),
    # Day or month: the month is first, unless only the other is about the time of arrival.
    ("<135> 12/11/2026:10:00:00 GMT ns1 x", "2026-12-11T10:00:00", "ns1", "", "x", {}),
    ("<135> 10/11/2026:10:00:00 GMT ns1 x", "2026-10-11T10:00:00", "ns1", "", "x", {}),
    ("<135> 23/11/2026:10:00:00 GMT ns1 x", "2026-11-23T10:00:00", "ns1", "", "x", {}),
    # Spaces and a byte order mark around a priority, a version without RFC 5424.
    ("<14> Nov 23 10:00:00 host app: x", LOCAL, "host", "app", "x", {}),
    ("  <14>Nov 23 10:00:00 host app: x", LOCAL, "host", "app", "x", {}),
    ("<14>\ufeffNov 23 10:00:00 host app: \ufeffx", LOCAL, "host", "app", "x", {}),
    ("<14>1 Nov 23 10:00:00 host app: x", LOCAL, "host", "app", "x", {}),
    # Hosts that are not a bare word.
    ("<14>Nov 23 10:00:00 [192.0.2.9] app: x", LOCAL, "192.0.2.9", "app", "x", {}),
    ("<14>Nov 23 10:00:00 [12]: x", LOCAL, SENDER, "", "[12]: x", {}),
    ("<14>Nov 23 10:00:00 win1\tMSWinEventLog\t1\tx", LOCAL, "win1", "",
     "MSWinEventLog\t1\tx", {}),
    ("<14>Nov 23 10:00:00 U7PG2,0a1b2c3d4e5f,v4.0.1: hostapd: ath0: x",
     LOCAL, "U7PG2,0a1b2c3d4e5f,v4.0.1", "hostapd", "ath0: x", {}),
    ("<14>Nov 23 10:00:00 Message forwarded from aix1: sshd[7]: x", LOCAL, "aix1", "sshd", "x", {}),
    ("<14>Nov 23 10:00:00 From aix1: sshd[7]: x", LOCAL, "aix1", "sshd", "x", {}),
    ("<14>Nov 23 10:00:00 0a1b2c3d4e5f,v4.0.1: logread[7]: x",
     LOCAL, "0a1b2c3d4e5f,v4.0.1", "logread", "x", {}),
    ("<14>Nov 23 10:00:00 na1: na1: 00000030 x", LOCAL, "na1", "", "00000030 x", {}),
    ("<13>Nov 23 10:00:00 [na1:secd.conn.failure:notice]: Vserver: x",
     LOCAL, "na1", "secd.conn.failure", "Vserver: x", {"level": "notice"}),
    ("<14>Nov 23 10:00:00 action=deny src=192.0.2.1", LOCAL, SENDER, "",
     "action=deny src=192.0.2.1", {}),
    ("<14>Nov 23 10:00:00 lb1,f5_irule=log,src_ip=192.0.2.1", LOCAL, "lb1", "",
     "f5_irule=log,src_ip=192.0.2.1", {}),
    ("<14>Nov 23 10:00:00 - app: x", LOCAL, SENDER, "app", "x", {}),
    ("<14>2026-11-23 10:00:00,5 ERROR app: x", "2026-11-23T09:00:00.5", SENDER, "app", "x",
     {"level": "ERROR"}),
    ("<166>Nov 23 10:00:00 fw1 %SYS-5-CONFIG_I:Configured", LOCAL, "fw1", "%SYS-5-CONFIG_I",
     "Configured", IOS),
    ("<14>Nov 23 10:00:00 host  app: x", LOCAL, "host", "app", "x", {}),
    # Tags: brackets, no space, and what is none.
    ("<14>Nov 23 10:00:00 host sshd[7]:Failed x", LOCAL, "host", "sshd", "Failed x", {}),
    ("<14>Nov 23 10:00:00 host sshd[7] : x", LOCAL, "host", "sshd", "x", {}),
    ("<14>Nov 23 10:00:00 host su:'su root' failed", LOCAL, "host", "su", "'su root' failed", {}),
    ("<14>Nov 23 10:00:00 host C:\\x found", LOCAL, "host", "", "C:\\x found", {}),
    ("<14>Nov 23 10:00:00 host aa:bb:cc joined", LOCAL, "host", "", "aa:bb:cc joined", {}),
    ('<14>Nov 23 10:00:00 host {"a": 1}', LOCAL, "host", "", '{"a": 1}', {}),
    ('<14>Nov 23 10:00:00 {"a":1,"b":2} x', LOCAL, SENDER, "", '{"a":1,"b":2} x', {}),
    # BIG-IP, busybox, ProCurve, VRP, Comware, Meraki.
    ("<134>Nov 23 10:00:00 bigip1 notice mcpd[7]: 01070638:5: x",
     LOCAL, "bigip1", "mcpd", "01070638:5: x", {"level": "notice"}),
    ("<12>Nov 23 10:00:00 ap1 kern.warning kernel: x",
     LOCAL, "ap1", "kernel", "x", {"level": "kern.warning"}),
    ("<134>Nov 23 10:00:00 sw1 00077 ports: port 1 is off-line",
     LOCAL, "sw1", "ports", "port 1 is off-line", {"msgid": "00077"}),
    ("<190>Nov 23 2026 10:00:00 vrp1 %%01SHELL/5/CMDRECORD(s)[12]:Recorded x",
     LOCAL, "vrp1", "%%01SHELL/5/CMDRECORD", "Recorded x", {"sequence": "12"}),
    ("<190>Nov 23 10:00:00 2026 h3c1 %%10SHELL/5/SHELL_LOGIN: x",
     LOCAL, "h3c1", "%%10SHELL/5/SHELL_LOGIN", "x", {}),
    ("<190>Nov 23 10:00:00 2026 h3c1 (Stack) %%10SHELL/5/SHELL_LOGIN: x",
     LOCAL, "h3c1", "%%10SHELL/5/SHELL_LOGIN", "x", {"node": "Stack"}),
    ("<134>1 1795428000.25 MX84 flows src=192.0.2.1 allow",
     "2026-11-23T10:00:00.25", "MX84", "flows", "src=192.0.2.1 allow", {}),
    ("<134>Nov 23 10:00:00 192.0.2.9 1 1795428000.25 MX84 events up",
     LOCAL, "MX84", "events", "up", {}),
    # Nobody's priority, nobody's name.
    ("1 2026-11-23T10:00:00Z host app 7 ID - x", "2026-11-23T10:00:00", "host", "app", "x",
     {"version": "1", "msgid": "ID"}),
    ("Nov 23 10:00:00 host sshd[7]: x", LOCAL, "host", "sshd", "x", {}),
    ("2026-11-23T10:00:00+01:00 host sshd[7]: x", LOCAL, "host", "sshd", "x", {}),
    ("2026-11-23 10:00:00 INFO starting up", LOCAL, SENDER, "",
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
    ("<187>n9k: 2026 Nov 23 10:00:00 UTC: last message repeated 3 time",
     "2026-11-23T10:00:00", "n9k", "", "last message repeated 3 time", {"repeated": "3"}),
    ("<187>Nov 23 10:00:00 n9k : 2026 Nov 23 10:00:00.5 UTC: last message repeated 1 time",
     LOCAL, "n9k", "", "last message repeated 1 time", {"repeated": "1"}),
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
    ('<189>logver=604 tz="UTC+1:00" devname="fg1" date=2026-11-23 time=10:00:00 logid=1',
     LOCAL, "fg1", "",
     'logver=604 tz="UTC+1:00" devname="fg1" date=2026-11-23 time=10:00:00 logid=1', {}),
    ("<189>date=2026-11-23,time=10:00:00.25,device_id=FE1", "2026-11-23T10:00:00.25+01:00",
     SENDER, "", "date=2026-11-23,time=10:00:00.25,device_id=FE1", {}),
    ('<30>device="SFW" date=2026-11-23 time=10:00:00 timezone="EST" device_name="xg1"',
     "2026-11-23T15:00:00", "xg1", "",
     'device="SFW" date=2026-11-23 time=10:00:00 timezone="EST" device_name="xg1"', {}),
    ('<30>device_name="xg1" timestamp="2026-11-23T10:00:00-0500" msg="a date=2020-01-01"',
     "2026-11-23T15:00:00", "xg1", "",
     'device_name="xg1" timestamp="2026-11-23T10:00:00-0500" msg="a date=2020-01-01"', {}),
    ('<134>id=firewall sn=0 time="2026-11-23 10:00:00 UTC" fw=192.0.2.9 m=5',
     "2026-11-23T10:00:00", SENDER, "",
     'id=firewall sn=0 time="2026-11-23 10:00:00 UTC" fw=192.0.2.9 m=5', {}),
    ('<14>id=firewall time="2026-11-23 10:00:00" fw="SNS-1" tz=+0100 startime="x" pri=5',
     LOCAL, "SNS-1", "",
     'id=firewall time="2026-11-23 10:00:00" fw="SNS-1" tz=+0100 startime="x" pri=5', {}),
    # Check Point's Log Exporter in its format for Splunk, with a priority and without.
    ("time=1795424400|hostname=gw1|product=Firewall|rule_name=a b|time=1|", LOCAL, "gw1", "",
     "time=1795424400|hostname=gw1|product=Firewall|rule_name=a b|time=1|", {}),
    ("time=1795424400|hostname=|product=Firewall", LOCAL, SENDER, "",
     "time=1795424400|hostname=|product=Firewall", {}),
    ("<134>time=1795424400|product=SmartConsole|hostname=x", LOCAL, SENDER, "",
     "time=1795424400|product=SmartConsole|hostname=x", {}),
    ("<134>time=17954244001|hostname=gw1", "", SENDER, "",
     "time=17954244001|hostname=gw1", {}),
    ("<14>Nov 23 10:00:00 pa1 1,2026/11/23 10:00:00,0070,TRAFFIC,end", LOCAL, "pa1", "",
     "1,2026/11/23 10:00:00,0070,TRAFFIC,end", {}),
    ("<30>system,info,account user admin logged in", "", SENDER, "system",
     "user admin logged in", {"topics": "system,info,account"}),
    ("<30>Nov 23 10:00:00 gw1 firewall,info forward: in:ether1", LOCAL, "gw1", "firewall",
     "forward: in:ether1", {"topics": "firewall,info"}),
    ("<30>apples,pears and plums", "", SENDER, "", "apples,pears and plums", {}),
    ("<134>Nov 23 10:00:00 host CEF:0|Vendor|x", LOCAL, "host", "", "CEF:0|Vendor|x", {}),
    ("<134>Nov 23 10:00:00 bigip1 ASM:CEF:0|F5|ASM|x", LOCAL, "bigip1", "ASM",
     "CEF:0|F5|ASM|x", {}),
    ("<134>Nov 23 10:00:00 CEF:0|A Vendor|x", LOCAL, SENDER, "", "CEF:0|A Vendor|x", {}),
    ("<134>Nov 23 10:00:00 a,CEF:0|A Vendor|x", LOCAL, "a", "", "CEF:0|A Vendor|x", {}),
    ('<134>Nov 23 10:00:00 "a text" says: x', LOCAL, SENDER, "", '"a text" says: x', {}),
    # RFC 5424 with what does not belong there.
    ("<14>1 2026-11-23T10:00:00.5 host app - - - x",
     "2026-11-23T09:00:00.5", "host", "app", "x", {"version": "1"}),
    ("<14>1 2026-11-23 10:00:00 host app - - - x", LOCAL, "host", "app", "x", {"version": "1"}),
    ("<14>1 2026-11-23T10:00:00,5+0100 host app - - - x",
     "2026-11-23T09:00:00.5", "host", "app", "x", {"version": "1"}),
    ('<14>1 2026-11-23T10:00:00Z host app - - [a@1 b= "c" d="e"] x',
     "2026-11-23T10:00:00", "host", "app", "x", {"version": "1", "a@1.b": "c", "a@1.d": "e"}),
    ("<14>1 2026-11-23T10:00:00Z esx1 Hostd 7 - [Originator@6876 sub=Vimsvc opID=a-1] x",
     "2026-11-23T10:00:00", "esx1", "Hostd", "x",
     {"version": "1", "Originator@6876.sub": "Vimsvc", "Originator@6876.opID": "a-1"}),
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


def test_a_level_and_a_facility_say_what_no_priority_does() -> None:
    row = only("Nov 23 10:00:00 ap1 kern.warning kernel: x")
    assert (row["app"], row["severity_text"]) == ("kernel", "warning")
    row = only("Nov 23 10:00:00 sw1 %%01IFNET/4/IF_STATE(l)[8]:x")
    assert (row["severity_text"], row["body"]) == ("warning", "x")


def test_a_priority_behind_a_relays_header_is_believed() -> None:
    row = only("<13>Nov 23 10:00:00 sw1 <187>2: *Jan  2 00:00:43.167: %LINK-3-UPDOWN: x")
    assert row["severity_text"] == "err"
    row = only("Nov 23 10:00:00 sw1 <30>app: x")
    assert (row["severity_text"], row["severity_number"]) == ("info", 9)
    assert only("Nov 23 10:00:00 <local0.err> ns1 nsd: x")["severity_text"] == "err"


def test_a_letter_says_how_severe_a_message_is() -> None:
    texts = [only(f"%A-{letter}-B: x")["severity_text"] for letter in "MACEWNID"]
    assert texts == ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]


def test_the_task_of_a_wireless_controller_is_its_process() -> None:
    row = only("<132>wlc1: *spamTask1: Nov 23 10:00:00.958: %CAPWAP-4-DISC: x")
    assert (row["proc_id"], row["body"]) == ("spamTask1", "x")
