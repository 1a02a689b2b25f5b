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
    ("2015-10-18 18:01:47,978 INFO [main] org.x: Created", ("org.x", "Created")),
    ("2015-07-29 17:41:44,747 - WARN  [a[id=1]/0:0:Z@7] - timed out: 3", ("", "timed out: 3")),
    ("17/06/09 20:10:40 INFO a.Backend: Registered", ("a.Backend", "Registered")),
    ("03-17 16:13:38.811  1702  2395 D WindowManager: done", ("WindowManager", "done")),
    ("2017-05-16 00:00:00.008 25746 INFO a.wsgi [req-1 - -] 10.0.0.1 x", ("a.wsgi", "10.0.0.1 x")),
    ("2016-09-28 04:30:30, Info                  CBS    Loaded", ("", "CBS    Loaded")),
    ("15:16:01.123 [main] INFO  org.x.Y - Created", ("org.x.Y", "Created")),
    ("15:16:01.123 is the time", ("", "15:16:01.123 is the time")),
    ("2026-01-02 03:04:05,678 - shop.cart - ERROR - no: 7", ("shop.cart", "no: 7")),
    ("2026-01-02 03:04:05 ERROR Error: disk", ("", "Error: disk")),
    ("2026-01-02 03:04:05 Informed of it", ("", "Informed of it")),
    ("2026-01-02T03:04:05.678+02:00 fe80::1 app/x[7]: hi", ("app/x", "hi")),
    ("2026-01-02T03:04:05Z ERROR app: hi", ("", "app: hi")),
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
