from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from sensorium.cli import checks
from sensorium.cli.checks import Outcome
from sensorium.ingest.transport import StreamTlsConfig


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_this_machine_passes_what_the_tests_need() -> None:
    for check in (checks.python(), checks.packages(), checks.embedded_store()):
        assert check.outcome is Outcome.OK, check


def test_an_engine_that_cannot_make_its_temporary_folder_says_so_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", "/proc")
    check = checks.embedded_store()
    assert check.outcome is Outcome.FAIL
    assert "/proc/" in check.detail
    assert "\n" not in check.detail
    assert "TMPDIR" in check.next_step


def test_an_interpreter_that_this_user_may_not_run_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text("")
    monkeypatch.setattr(sys, "executable", str(program))
    check = checks.embedded_store()
    assert check.outcome is Outcome.FAIL
    assert check.detail == "cannot be tried: Permission denied"
    assert str(program) in check.next_step


def test_memory_is_what_the_control_group_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "memory_limit", lambda: 900 << 20)
    check = checks.memory()
    assert check.outcome is Outcome.WARN
    assert check.detail.startswith("0.9 GiB allowed, of ")
    monkeypatch.setattr(checks, "memory_limit", lambda: 1 << 62)
    assert "allowed" not in checks.memory().detail


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        checks.metadata, "requires", lambda _: ["click>=8", "not-there>=1", 'x; extra == "y"']
    )
    check = checks.packages()
    assert (check.outcome, check.detail) == (Outcome.FAIL, "not installed: not-there")


def compiled(before: str, **environment: str) -> str:
    """What a new process says of compiled code; whether it is kept is settled on import."""
    program = f"""{before}
from dataclasses import astuple
from sensorium.cli.checks import compiled_code
print(*astuple(compiled_code()))"""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_where_compiled_code_is_kept_is_told(tmp_path: Path) -> None:
    where, later = f"compiled ok decoders are kept in {tmp_path}", "; the next start compiles them"
    assert compiled("", NUMBA_CACHE_DIR=str(tmp_path)).startswith(where + later)
    done = "from sensorium.app.preparation.kept import remember\nremember()"
    assert compiled(done, NUMBA_CACHE_DIR=str(tmp_path)) == where + " \n"


def test_compiled_code_that_cannot_be_kept_is_a_warning() -> None:
    nowhere = "from numba.core import caching\ncaching.CacheImpl._locator_classes = []"
    told = compiled(nowhere)
    assert told.startswith("compiled warn cannot be kept")
    assert "NUMBA_CACHE_DIR" in told


def test_a_data_folder_that_does_not_exist_yet_is_fine(tmp_path: Path) -> None:
    check = checks.data_folder(tmp_path / "a" / "b")
    assert check.outcome is Outcome.OK
    assert "will be made" in check.detail


def test_a_data_folder_that_is_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("", encoding="utf-8")
    assert checks.data_folder(tmp_path / "var").outcome is Outcome.FAIL


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_cannot_be_written_is_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert checks.data_folder(tmp_path).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("free_gib", "outcome"), [(0.5, Outcome.FAIL), (5, Outcome.WARN), (50, Outcome.OK)]
)
def test_the_disk_must_have_room(
    free_gib: float, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, int(free_gib * checks.GIB)))
    assert checks.disk(tmp_path / "new").outcome is outcome


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_somebody_holds_is_a_warning_unless_it_is_our_service(
    kind: socket.SocketKind,
) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        number = holder.getsockname()[1]
        held = checks.port("NetFlow", kind, "127.0.0.1", number, owner=0)
        ours = checks.port("NetFlow", kind, "127.0.0.1", number, owner=42)
    free = checks.port("NetFlow", kind, "127.0.0.1", number, owner=0)
    assert (held.outcome, ours.outcome, free.outcome) == (Outcome.WARN, Outcome.OK, Outcome.OK)
    assert "process 42" in ours.detail


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "fe80::1%nowhere", "no.such.invalid"])
def test_a_host_that_is_not_this_machine_fails(host: str) -> None:
    check = checks.port("console.port", socket.SOCK_STREAM, host, 0, 0)
    assert (check.outcome, host in check.detail) == (Outcome.FAIL, True)
    assert check.next_step == "set console.host to an address of this machine"


def test_a_buffer_that_the_kernel_does_not_grant_is_a_warning_with_the_command_that_raises_it() -> (
    None
):
    assert checks.udp_buffer(1 << 16).outcome is Outcome.OK
    check = checks.udp_buffer((1 << 31) - 1)  # more than any kernel grants
    assert check.outcome is Outcome.WARN
    assert check.next_step == "sysctl -w net.core.rmem_max=2147483647"


def test_the_kernels_word_on_the_clock_is_taken_or_missing() -> None:
    assert checks.clock().outcome in {Outcome.OK, Outcome.WARN}


@pytest.mark.parametrize(
    ("hard", "outcome"), [(200, Outcome.FAIL), (600, Outcome.WARN), (4096, Outcome.OK)]
)
def test_how_many_files_may_be_open_is_what_the_service_may_raise_it_to(
    hard: int, outcome: Outcome
) -> None:
    limits = f"ulimit -Sn {min(hard, 512)}; ulimit -Hn {hard}"
    program = "from sensorium.cli.checks import open_files as c; print(c().outcome, c().detail)"
    done = subprocess.run(
        ["bash", "-c", f"{limits}; exec {sys.executable} -c '{program}'"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"{outcome} at most {hard:,}"


def test_tls_files_are_opened_and_what_is_doubtful_of_them_is_a_warning(tmp_path: Path) -> None:
    authority, now = trustme.CA(), datetime.now(UTC)
    made = authority.issue_cert("a.example.net", not_after=now + timedelta(days=90))
    made.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    files = StreamTlsConfig(certificate=str(tmp_path / "server.pem")).files("x.tls")
    assert files is not None
    assert [check.outcome for check in checks.tls(files, now)] == [Outcome.OK]
    (late,) = checks.tls(files, now + timedelta(days=91))
    assert (late.outcome, "expired on" in late.detail) == (Outcome.WARN, True)
    authority.cert_pem.write_to_path(tmp_path / "server.pem")
    (lacking,) = checks.tls(files, now)
    assert (lacking.outcome, "holds no private key" in lacking.detail) == (Outcome.FAIL, True)
    assert lacking.next_step
