"""What is handed over is read on, given up where it does not fit, and what is new is given away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.process.handover import Handover, Held, Place
from tests.ports import free_port
from tests.process.manager import Manager, managed

V4 = socket.AF_INET


def at(port: int, host: str = "127.0.0.1", protocol: str = "udp") -> Place:
    return Place(protocol, V4, (host, port))


def bound(port: int = 0, host: str = "127.0.0.1") -> socket.socket:
    opened = socket.socket(V4, socket.SOCK_DGRAM)
    opened.bind((host, port))
    return opened


def given_away(manager: Manager) -> tuple[int, Handover]:
    """A port whose socket one process gave away, and what the next one has."""
    with bound() as opened:
        port = int(opened.getsockname()[1])
        first = Handover(str(manager.path))
        first.keep(at(port), [opened])
        first.stopping()
        first.close()
    manager.wait_for("STOPPING=1")
    return port, Handover(str(manager.path), manager.held())


def test_what_is_given_away_is_kept_and_read_on_with_what_waits_in_it(tmp_path: Path) -> None:
    with managed(tmp_path) as manager:
        port, second = given_away(manager)
        with socket.socket(V4, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"meanwhile", ("127.0.0.1", port))
        [again] = second.sockets(at(port))
        assert again.recv(100) == b"meanwhile"
        assert second.close_rest() == []
        again.close()


@pytest.mark.parametrize(
    ("host", "many"), [("127.0.0.2", 1), ("127.0.0.1", 2)], ids=["another host", "more of them"]
)
def test_what_was_given_away_for_other_settings_is_given_up(
    tmp_path: Path, host: str, many: int
) -> None:
    with managed(tmp_path) as manager:
        port, handover = given_away(manager)
        assert handover.sockets(at(port, host), many) == []
        # Nobody has it any more, so it can be had anew at once.
        bound(port).close()
        assert manager.given == {}
        assert handover.close_rest() == []


def test_what_a_unit_opened_is_taken_for_its_port_and_stays_the_units(tmp_path: Path) -> None:
    with managed(tmp_path) as manager:
        opened = bound(host="0.0.0.0")
        port = opened.getsockname()[1]
        other = bound()
        held = [Held("flows.socket", opened), Held("flows.socket", other)]
        handover = Handover(str(manager.path), held)
        assert handover.sockets(at(port), 2) == []
        assert handover.sockets(at(port, protocol="tcp")) == []
        assert handover.sockets(at(0)) == []
        for _ in range(2):
            with handover.sockets(at(port))[0] as taken:
                assert taken.getsockname() == opened.getsockname()
        left = other.getsockname()[1]
        assert handover.close_rest() == [left]
        bound(left).close()
        handover.close()
        bound(port).close()
        handover.ready()
    assert manager.told == ["READY=1"]


def test_a_port_that_no_setting_asks_for_any_more_is_free_again(tmp_path: Path) -> None:
    with managed(tmp_path) as manager:
        port, handover = given_away(manager)
        assert handover.close_rest() == [port]
    assert manager.told[-1] == f"FDSTOREREMOVE=1 FDNAME=sensorium-udp-{port}"
    assert manager.given == {}


def test_where_nobody_keeps_any_nothing_is_said(tmp_path: Path) -> None:
    with bound() as opened:
        for notify in ("", str(tmp_path / "gone"), "@sensorium-nobody-listens"):
            handover = Handover(notify)
            assert not handover.keep(at(1), [opened])
            handover.ready()
            assert handover.close_rest() == []


@pytest.mark.parametrize(
    "environment",
    [
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"},
        {"LISTEN_PID": str(os.getpid())},
        {},
    ],
)
def test_what_is_meant_for_another_process_is_left_alone(environment: dict[str, str]) -> None:
    assert Handover.from_environment(environment).close_rest() == []
    assert environment == {}


PROGRAM = """
import os, socket, sys
from sensorium.process.handover import Handover, Place
handover = Handover.from_environment(os.environ)
[opened] = handover.sockets(Place("udp", socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))))
assert not os.get_inheritable(opened.fileno())
print(opened.recv(100).decode(), *[name for name in os.environ if name.startswith("LISTEN")])
"""


@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None, reason="systemd is not installed"
)
def test_systemds_own_tool_hands_a_socket_over() -> None:
    port = free_port()
    tool = ["systemd-socket-activate", "--datagram", "-l", f"127.0.0.1:{port}"]
    command = [*tool, "-E", f"PYTHONPATH={os.pathsep.join(sys.path)}", sys.executable]
    with subprocess.Popen(
        [*command, "-c", PROGRAM, str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        with socket.socket(V4, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", port))
            while True:
                try:
                    sender.send(b"wakes it")
                    sender.send(b"wakes it")
                    break
                except ConnectionRefusedError:  # it does not listen yet
                    assert running.poll() is None
        out, err = running.communicate(timeout=60)
    assert out == b"wakes it\n", err
