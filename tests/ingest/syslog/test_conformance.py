"""What RFC 5424 and RFC 5426 ask of a receiver and no other test shows."""

from __future__ import annotations

import pytest

from tests.ingest.syslog.test_decoder import ARRIVAL, only

HEAD = b"<13>1 - h a p m "


def test_a_backslash_before_another_character_is_itself() -> None:
    row = only(HEAD + rb'[x y="a\nb\\\]\"" z="\\n"] text')
    values = dict(row["attributes"])
    assert values["x.y"] == r"a\nb\]" + '"'
    assert values["x.z"] == r"\n"
    assert row["body"] == "text"


def test_a_parameter_that_is_given_twice_is_kept_twice() -> None:
    row = only(HEAD + b'[origin ip="192.0.2.1" ip="192.0.2.129"] text')
    assert [pair for pair in row["attributes"] if pair[0] == "origin.ip"] == [
        ("origin.ip", "192.0.2.1"),
        ("origin.ip", "192.0.2.129"),
    ]


@pytest.mark.parametrize("overlong", [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf"])
def test_characters_that_are_not_in_their_shortest_form_are_never_read(overlong: bytes) -> None:
    body = only(HEAD + b"- \xef\xbb\xbfa" + overlong + b"b")["body"]
    assert "/" not in body
    assert body == "a" + "\N{REPLACEMENT CHARACTER}" * len(overlong) + "b"


def test_a_text_with_a_character_that_is_not_in_its_shortest_form_is_no_utf8() -> None:
    assert (
        only(HEAD + b"- \xef\xbb\xbf\xc3\xbc \xff")["body"]
        == "\N{LATIN SMALL LETTER U WITH DIAERESIS} \N{REPLACEMENT CHARACTER}"
    )
    for overlong in (b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf"):
        body = only(HEAD + b"- \xef\xbb\xbf\xc3\xbc b" + overlong)["body"]
        assert body == "\N{REPLACEMENT CHARACTER}" * 2 + " b" + "\N{REPLACEMENT CHARACTER}" * len(
            overlong
        )


def test_every_field_may_be_nil() -> None:
    row = only(b"<191>1 - - - - - -")
    assert (row["time_ns"], row["severity_text"], row["body"]) == (ARRIVAL, "debug", "")
    assert (row["app"], row["proc_id"], row["host"]) == ("", "", "192.0.2.7")
    assert row["attributes"] == [("facility", "local7"), ("version", "1")]


@pytest.mark.parametrize(
    ("stamp", "after_ns"),
    [
        (b"1985-04-12T23:20:50.52Z", 482_196_050_520_000_000),
        (b"1985-04-12T19:20:50.52-04:00", 482_196_050_520_000_000),
        (b"2003-10-11T22:14:15.003Z", 1_065_910_455_003_000_000),
        (b"2003-08-24T05:14:15.000003-07:00", 1_061_727_255_000_003_000),
    ],
)
def test_a_timestamp_keeps_its_zone_and_its_microseconds(stamp: bytes, after_ns: int) -> None:
    assert only(b"<13>1 " + stamp + b" h a p m - x")["time_ns"] == after_ns


@pytest.mark.parametrize("length", [480, 1180, 2048, 8192, 65_000])
def test_a_message_of_every_length_that_must_or_should_be_taken_is_whole(length: int) -> None:
    text = HEAD + b"- "
    body = b"x" * (length - len(text))
    assert only(text + body)["body"] == body.decode()


def test_fields_of_the_greatest_length_are_whole() -> None:
    host, app, process, kind = (
        c * n for c, n in ((b"h", 255), (b"a", 48), (b"p", 128), (b"m", 32))
    )
    row = only(b" ".join([b"<13>1 -", host, app, process, kind, b"- x"]))
    found = (row["host"], row["app"], row["proc_id"], dict(row["attributes"])["msgid"])
    assert found == tuple(part.decode() for part in (host, app, process, kind))
