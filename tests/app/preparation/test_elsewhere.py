"""Other processes compile, and the service neither waits for them at its end nor needs them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger

from sensorium.app.preparation import kept
from sensorium.app.preparation.elsewhere import Elsewhere, outcome

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


def never() -> bool:
    return False


def lives(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_what_went_well_says_nothing() -> None:
    assert outcome([sys.executable, "-c", "print('a' * 1_000_000)"], never) is None


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise SystemExit('no room')", "no room"),
        ("import sys; sys.stderr.write('first\\nlast\\n'); sys.exit(1)", "last"),
        ("import sys; sys.exit(3)", "it ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "it ended with status -9"),
    ],
)
def test_what_failed_says_why(program: str, told: str) -> None:
    assert outcome([sys.executable, "-c", program], never) == told


def test_a_program_that_is_not_there_is_an_error_of_one_line(tmp_path: Path) -> None:
    failed = outcome([str(tmp_path / "none")], never)
    assert failed is not None
    assert "none" in failed


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look into")
def test_at_the_services_end_all_that_was_started_is_stopped(tmp_path: Path) -> None:
    noted = tmp_path / "child"
    done = outcome(
        [sys.executable, "-c", FAMILY, str(noted)],
        lambda: noted.exists() and noted.read_text() != "",
    )
    assert done is None
    assert ends(int(noted.read_text()))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look into")
def test_whoever_is_interrupted_while_waiting_stops_it_too(tmp_path: Path) -> None:
    noted = tmp_path / "child"

    def interrupted() -> bool:
        if noted.exists() and noted.read_text():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        outcome([sys.executable, "-c", FAMILY, str(noted)], interrupted)
    assert ends(int(noted.read_text()))


def ends(child: int) -> bool:
    """Whether a process is gone within half a minute."""
    deadline = time.monotonic() + 30
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not lives(child)


def test_who_needs_it_waits_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "is_kept", lambda: True)
    elsewhere, waited = Elsewhere(CapturingLogger()), threading.Event()

    def wait() -> None:
        elsewhere.wait()
        waited.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not waited.wait(0.2)
    elsewhere.compile(never)
    waiting.join(30)
    assert waited.is_set()


def test_a_start_that_can_keep_nothing_compiled_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(kept, "folder", lambda: None)
    elsewhere = Elsewhere(log)
    elsewhere.compile(never)
    elsewhere.wait()
    assert [call.method_name for call in log.calls] == ["warning"]
    assert "NUMBA_CACHE_DIR" in log.calls[0].kwargs["next_step"]


def test_a_failure_is_told_and_nobody_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(kept, "folder", lambda: tmp_path)
    monkeypatch.setattr(kept, "is_kept", lambda: False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    elsewhere = Elsewhere(log)
    elsewhere.compile(never)
    elsewhere.wait()
    assert [call.method_name for call in log.calls] == ["info", "warning"]
    assert str(tmp_path / "none") in log.calls[1].kwargs["error"]


def test_what_a_service_needs_is_compiled_by_the_real_command() -> None:
    """With what set-up has compiled, that is: the compiler itself takes minutes."""
    command = [sys.executable, "-P", "-m", "sensorium.app.preparation", "--service"]
    done = subprocess.run(
        [*command, "--processes", "1"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert kept.is_kept() or kept.folder() is None
