"""Every message becomes a row whose fields are where the RFCs put them, and nothing is lost."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.model.address import pack_address, unpack_address
from sensorium.model.signals import LOGS
from sensorium.observe import Observe
from tests.ingest.syslog import lines, oracle

SENDER = pack_address("192.0.2.7")
ARRIVAL = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9
# A decoder keeps no state, so all examples may share one.
DECODER = SyslogDecoder(SyslogConfig(), Observe())


def slab(*payloads: bytes, arrival_ns: int = ARRIVAL, sender: bytes = SENDER) -> Datagrams:
    n = len(payloads)
    return Datagrams.of(payloads, arrival_ns=[arrival_ns] * n, src_addr=[sender] * n)


def decode(*payloads: bytes, decoder: SyslogDecoder = DECODER) -> list[dict[str, Any]]:
    batch = decoder.decode(slab(*payloads))
    batch.validate(full=True)
    assert batch.schema.equals(LOGS)
    return list(batch.to_pylist())


def only(payload: bytes, **config: Any) -> dict[str, Any]:
    decoder = SyslogDecoder(SyslogConfig(**config), Observe()) if config else DECODER
    (row,) = decode(payload, decoder=decoder)
    return row


def ns(*parts: int, plus: int = 0) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 10**9 + plus  # type: ignore[misc,arg-type]


def test_an_rfc_5424_message_is_taken_apart() -> None:
    row = only(
        b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 8710 ID47 "
        b'[exampleSDID@32473 iut="3" eventSource="Application \\"x\\]\\\\" eventID="1011"]'
        b"[origin] \xef\xbb\xbfAn application event log entry..."
    )
    assert row["time_ns"] == ns(2003, 10, 11, 22, 14, 15, plus=3_000_000)
    assert row["observed_time_ns"] == ARRIVAL
    assert row["source_address"] == SENDER
    assert (row["severity_number"], row["severity_text"]) == (10, "notice")
    assert (row["host"], row["app"]) == ("mymachine.example.com", "evntslog")
    assert (row["proc_id"], row["body"]) == ("8710", "An application event log entry...")
    assert row["attributes"] == [
        ("facility", "local4"),
        ("version", "1"),
        ("msgid", "ID47"),
        ("exampleSDID@32473.iut", "3"),
        ("exampleSDID@32473.eventSource", 'Application "x]\\'),
        ("exampleSDID@32473.eventID", "1011"),
        ("origin", ""),
    ]
    assert row["template_id"] == 0


def test_a_host_that_is_empty_is_none_and_no_other_senders() -> None:
    other = pack_address("192.0.2.8")
    lines = [b"<13>up", b"<13>time=1794686400|hostname=|product=Firewall"]
    for senders in ([SENDER, other], [other, SENDER]):
        arrived = Datagrams.of(lines, arrival_ns=[ARRIVAL] * 2, src_addr=senders)
        hosts = [row["host"] for row in DECODER.decode(arrived).to_pylist()]
        assert hosts == [unpack_address(sender) for sender in senders]


def test_an_rfc_3164_message_is_taken_apart() -> None:
    row = only(
        b"<34>Oct 11 22:14:15 mymachine su[230]: 'su root' failed for lonvick on /dev/pts/8\n"
    )
    assert row["time_ns"] == ns(2025, 10, 11, 22, 14, 15)
    assert (row["severity_number"], row["severity_text"]) == (18, "crit")
    assert (row["host"], row["app"], row["proc_id"]) == ("mymachine", "su", "230")
    assert row["body"] == "'su root' failed for lonvick on /dev/pts/8"
    assert row["attributes"] == [("facility", "auth")]


@pytest.mark.parametrize(
    ("arrival", "text", "expected"),
    [
        (ns(2026, 1, 1, 0, 0, 3), b"Dec 31 23:59:59", ns(2025, 12, 31, 23, 59, 59)),
        (ns(2025, 12, 31, 23, 59, 59), b"Jan  1 00:00:02", ns(2026, 1, 1, 0, 0, 2)),
        (ns(2026, 7, 1), b"Jan  1 00:00:00", ns(2026, 1, 1)),
        # A file that is most of a year old; a clock that is ahead, and one that is too far ahead.
        (ns(2026, 11, 30), b"Feb  8 04:00:00", ns(2026, 2, 8, 4)),
        (ns(2026, 11, 30), b"Dec 10 04:00:00", ns(2026, 12, 10, 4)),
        (ns(2026, 12, 5), b"Jan  4 04:00:00", ns(2027, 1, 4, 4)),
        (ns(2026, 12, 5), b"Jan  6 04:00:00", ns(2026, 1, 6, 4)),
        (ns(2027, 11, 1), b"Feb 29 10:00:00", ns(2028, 2, 29, 10)),
        (ns(2024, 3, 1), b"Feb 29 10:00:00", ns(2024, 2, 29, 10)),
        (ns(2026, 3, 1), b"Dec  2 2016 16:31:03.25", ns(2016, 12, 2, 16, 31, 3, plus=250_000_000)),
    ],
)
def test_a_year_that_is_not_stated_is_the_last_that_may_be(
    arrival: int, text: bytes, expected: int
) -> None:
    batch = DECODER.decode(slab(b"<13>" + text + b" host app: x", arrival_ns=arrival))
    assert batch.column("time_ns").to_pylist() == [expected]


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Europe/Berlin", b"Feb 10 12:00:00", ns(2026, 2, 10, 11)),
        ("Europe/Berlin", b"Apr 10 2026 12:00:00", ns(2026, 4, 10, 10)),
        ("Asia/Kathmandu", b"Feb 10 12:00:00", ns(2026, 2, 10, 6, 15)),
        ("Europe/Berlin", b"Oct 26 02:30:00", ns(2025, 10, 26, 0, 30)),  # comes twice: the first
        ("Europe/Berlin", b"Mar 29 2026 02:30:00", ns(2026, 3, 29, 1, 30)),  # never comes
    ],
)
def test_a_zone_that_is_not_stated_is_the_setting(zone: str, text: bytes, expected: int) -> None:
    assert only(b"<13>" + text + b" host app: x", timezone=zone)["time_ns"] == expected


@pytest.mark.parametrize(
    ("zone", "expected"), [("UTC", ns(2026, 2, 10, 12)), ("Asia/Tokyo", ns(2026, 2, 10, 3))]
)
def test_the_zone_of_this_machine_counts_for_nothing_and_may_change(
    zone: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = SyslogDecoder(SyslogConfig(timezone=zone), Observe())
    try:
        for here in ("America/New_York", "Australia/Lord_Howe", "UTC"):
            monkeypatch.setenv("TZ", here)
            time.tzset()
            (row,) = decode(b"<13>Feb 10 12:00:00 host app: x", decoder=decoder)
            assert row["time_ns"] == expected
            assert only(b"<13>Feb 10 12:00:00 host app: x", timezone=zone)["time_ns"] == expected
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("arrival", "text", "expected"),
    [
        # At 01:00 UTC the clocks of Berlin go from 03:00 back to 02:00.
        (ns(2025, 10, 26, 0, 30, 1), b"Oct 26 02:30:00", ns(2025, 10, 26, 0, 30)),
        (ns(2025, 10, 26, 1, 0, 1), b"Oct 26 02:59:59", ns(2025, 10, 26, 0, 59, 59)),
        (ns(2025, 10, 26, 1, 0, 1), b"Oct 26 02:00:00", ns(2025, 10, 26, 1, 0)),
        (ns(2025, 10, 26, 1, 30, 1), b"Oct 26 02:30:00", ns(2025, 10, 26, 1, 30)),
        (ns(2025, 10, 26, 1, 59, 0), b"Oct 26 02:59:59", ns(2025, 10, 26, 1, 59, 59)),
        # What comes much later does not say which it was.
        (ns(2025, 10, 26, 3, 30, 1), b"Oct 26 02:30:00", ns(2025, 10, 26, 0, 30)),
    ],
)
def test_of_an_hour_that_comes_twice_a_live_line_is_of_the_one_that_it_arrived_in(
    arrival: int, text: bytes, expected: int
) -> None:
    decoder = SyslogDecoder(SyslogConfig(timezone="Europe/Berlin"), Observe())
    batch = decoder.decode(slab(b"<13>" + text + b" host app: x", arrival_ns=arrival))
    assert batch.column("time_ns").to_pylist() == [expected]


def test_the_setting_moves_no_time_that_states_its_zone() -> None:
    for text in (b"1 2026-02-10T12:00:00+01:00 h a - - -", b"2026-02-10T12:00:00+01:00 h a: x"):
        assert only(b"<13>" + text, timezone="Asia/Tokyo")["time_ns"] == ns(2026, 2, 10, 11)
    assert only(b"<13>no time here", timezone="Asia/Tokyo")["time_ns"] == ARRIVAL


def test_a_message_without_priority_and_header_is_kept_whole_and_its_severity_is_unknown() -> None:
    for text in ("<192>too high", "<x>", "<1", "1 - - - - - -"):
        row = only(text.encode())
        assert (row["severity_number"], row["severity_text"], row["body"]) == (0, "", text)
        assert (row["host"], row["time_ns"], row["attributes"]) == ("192.0.2.7", ARRIVAL, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-10 12:00:00 INFO x", ns(2026, 2, 10, 12)),
        ("2026-02-10 12:00:00,250 +0100 [main] x", ns(2026, 2, 10, 11, plus=250_000_000)),
        ("2026/02/10 12:00:00 [error] 7#0: x", ns(2026, 2, 10, 12)),
        ("2026-02-30 12:00:00 INFO x", ARRIVAL),
    ],
)
def test_a_programs_own_line_is_kept_whole_and_its_time_is_read(text: str, expected: int) -> None:
    row = only(text.encode())
    assert (row["time_ns"], row["body"], row["host"]) == (expected, text, "192.0.2.7")


def test_a_sender_that_does_not_say_its_name_is_known_by_its_address() -> None:
    payloads = [b"<13>1 - - app - - - x", b"<13>Feb 10 12:00:00 app: x", b"<13>x", b"<13>1 - h"]
    batch = DECODER.decode(
        Datagrams.of(
            payloads,
            arrival_ns=[ARRIVAL] * 4,
            src_addr=[SENDER, pack_address("2001:db8::1"), SENDER, SENDER],
        )
    )
    assert batch.column("host").to_pylist() == ["192.0.2.7", "2001:db8::1", "192.0.2.7", "h"]


@pytest.mark.parametrize(
    ("text", "app", "process", "body"),
    [
        (b"kernel: [  12.3] eth0 up", "kernel", "", "[  12.3] eth0 up"),
        (b"CRON[77]: (root) CMD (x)", "CRON", "77", "(root) CMD (x)"),
        (b"postfix/smtpd[1]: connect", "postfix/smtpd", "1", "connect"),
        (b"app[pid] no colon", "app", "pid", "no colon"),
        (b"last message repeated 2 times", "", "", "last message repeated 2 times"),
        (b"http://example.net/ fetched", "", "", "http://example.net/ fetched"),
        (b"app[12 34]: x", "", "", "app[12 34]: x"),
        (b"[12]: x", "", "", "[12]: x"),
        (b"app:", "app", "", ""),
        (b"app:  two spaces", "app", "", " two spaces"),
        (b"app:\ttab", "app", "", "\ttab"),
    ],
)
def test_a_tag_is_read_where_there_is_one(text: bytes, app: str, process: str, body: str) -> None:
    row = only(b"<13>Feb 10 12:00:00 host " + text)
    assert (row["host"], row["app"], row["proc_id"], row["body"]) == ("host", app, process, body)


@pytest.mark.parametrize(
    ("text", "body", "reason"),
    [
        (b"<13>1 - h a p m", "", "incomplete_header"),
        (b"<13>1", "", "incomplete_header"),
        (b"<13>1 - h a p m [x y=] text", "[x y=] text", "structured_data"),
        (b"<13>1 - h a p m text", "text", "structured_data"),
        (b"<13>1 2026-99-01T00:00:00Z h a p m - text", "text", "bad_timestamp"),
        (b"<13>text", "text", "no_timestamp"),
        (b"text", "text", "no_priority"),
        (b"\xff", "\ufffd", "invalid_utf8"),
    ],
)
def test_what_does_not_fit_is_kept_and_counted(text: bytes, body: str, reason: str) -> None:
    observe = Observe()
    (row,) = decode(text, decoder=SyslogDecoder(SyslogConfig(), observe))
    assert row["body"] == body
    assert observe.value("sensorium_syslog_irregular_total", {"reason": reason}) == 1


def test_a_timestamp_that_cannot_be_read_is_kept_as_text() -> None:
    row = only(b"<13>1 2026-99-01T00:00:00Z h a p m - text")
    assert row["time_ns"] == ARRIVAL
    assert ("timestamp", "2026-99-01T00:00:00Z") in row["attributes"]


def test_a_datagram_of_several_messages_is_cut_before_each_priority() -> None:
    rows = decode(b"<13>a: one\n<14>b: two\n  and more\n\n<15>c: three\n", b"\n<13>d: four\n")
    assert [row["body"] for row in rows] == ["one", "two\n  and more", "three", "four"]
    assert [row["app"] for row in rows] == ["a", "b", "c", "d"]


def test_a_datagram_of_nothing_gives_no_row_and_is_counted() -> None:
    observe = Observe()
    assert decode(b"", b"\r\n\x00", decoder=SyslogDecoder(SyslogConfig(), observe)) == []
    labels = {"protocol": "syslog", "reason": "empty"}
    assert observe.value("sensorium_ingest_dropped_total", labels) == 2
    assert decode() == []


def test_a_long_message_is_cut_between_characters_and_counted() -> None:
    observe = Observe()
    decoder = SyslogDecoder(SyslogConfig(max_message_bytes=480), observe)
    (row,) = decode(b"<13>" + "é".encode() * 500, decoder=decoder)
    assert row["body"] == "é" * 238
    assert observe.value("sensorium_syslog_irregular_total", {"reason": "truncated"}) == 1


def test_one_bad_byte_costs_one_character_and_no_neighbour() -> None:
    rows = decode(b"<13>a: fine", b"<13>b: bad \xc3\x28 byte", "<13>c: schön".encode())
    assert [row["body"] for row in rows] == ["fine", "bad \ufffd( byte", "schön"]


def test_a_parameter_cannot_be_made_to_fill_the_memory() -> None:
    payload = b"<13>1 - h a p m [" + b"n" * 30_000 + b' a="b"' * 5_000 + b"] x"
    row = only(payload)
    assert len(row["attributes"]) == 3  # facility, version and msgid
    assert row["body"].startswith("[nnn")


def expected_rows(payloads: list[bytes]) -> list[dict[str, Any]]:
    return [row for payload in payloads for row in oracle.decode(payload, ARRIVAL, SENDER)]


@given(st.lists(lines.payload, max_size=8))
def test_it_agrees_with_the_slow_parser(payloads: list[bytes]) -> None:
    rows = decode(*payloads)
    for row in rows:
        assert row.pop("observed_time_ns") == ARRIVAL
        assert row.pop("source_address") == SENDER
        assert row.pop("template_id") == 0
    assert rows == expected_rows(payloads)


@given(st.lists(st.one_of(lines.payload, st.binary(max_size=200)), max_size=8), st.data())
def test_how_datagrams_are_divided_into_slabs_changes_nothing(
    payloads: list[bytes], data: st.DataObject
) -> None:
    whole = DECODER.decode(slab(*payloads))
    cut = data.draw(st.integers(0, len(payloads)))
    parts = [DECODER.decode(slab(*part)) for part in (payloads[:cut], payloads[cut:])]
    divided = pa.Table.from_batches(parts).combine_chunks()
    assert divided.to_pylist() == whole.to_pylist()


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(0, 2**62))
def test_no_bytes_and_no_clock_stop_it(payloads: list[bytes], arrival_ns: int) -> None:
    batch = DECODER.decode(slab(*payloads, arrival_ns=arrival_ns))
    batch.validate(full=True)
    assert batch.num_rows >= sum(bool(payload.strip(b"\r\n\x00")) for payload in payloads)
