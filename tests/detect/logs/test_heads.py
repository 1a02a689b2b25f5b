"""What stands before the text of a line in a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.logs.heads import split_head

HEADS = (
    ("Jun 14 15:16:01 web1 sshd(pam_unix)[19939]: check pass", ("sshd(pam_unix)", "check pass")),
    ("Jul  1 09:00:55 host kernel: up: 3", ("kernel", "up: 3")),
    ("Jul  1 09:00:55 something else", ("", "something else")),
    ("[Sun Dec 04 04:47:44 2005] [notice] done", ("", "[notice] done")),
    ("2015-10-18 18:01:47,978 INFO [main] org.x: Created", ("", "INFO [main] org.x: Created")),
    ("2026-01-02T03:04:05.678+02:00 fe80::1 app/x[7]: hi", ("app/x", "hi")),
    ("2026-01-02T03:04:05Z ERROR app: hi", ("", "ERROR app: hi")),
    ("2026/01/02 03:04:05 hi", ("", "hi")),
    ("081109 203615 148 INFO hi", ("", "081109 203615 148 INFO hi")),
    ("Jun 14 of last year", ("", "Jun 14 of last year")),
    ("", ("", "")),
)


@pytest.mark.parametrize(("line", "wanted"), HEADS)
def test_time_and_sender_are_taken_off(line: str, wanted: tuple[str, str]) -> None:
    assert split_head(line) == wanted


@given(st.text())
def test_a_line_without_a_head_stays_as_it_is(line: str) -> None:
    assert split_head(f"x{line}") == ("", f"x{line}")
