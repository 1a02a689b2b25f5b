from __future__ import annotations

import re
from pathlib import Path

import pytest

from sensorium.agent.knowledge.message_families import FAMILIES, Meaning
from sensorium.agent.knowledge.units import unit_of

LINES = [
    (Meaning.LOGIN_FAILED, "Failed password for root from 10.0.0.9 port 4022 ssh2"),
    (Meaning.LOGIN_FAILED, "Failed password for invalid user bob from 2001:db8::9 port 4 ssh2"),
    (Meaning.LOGIN_FAILED, "Invalid user bob from 10.0.0.9 port 4022"),
    (
        Meaning.LOGIN_FAILED,
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
        "rhost=10.0.0.9  user=root",
    ),
    (Meaning.LOGIN, "Accepted publickey for ops from 10.0.0.9 port 22 ssh2: ED25519 SHA256:x"),
    (
        Meaning.PRIVILEGE_USED,
        "ops : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/systemctl restart nginx",
    ),
    (Meaning.JOB_STARTED, "(root) CMD (/usr/local/sbin/full-backup)"),
    (Meaning.SERVICE_FAILED, "nginx.service: Failed with result 'exit-code'."),
    (
        Meaning.SERVICE_FAILED,
        "postgresql@15-main.service: Main process exited, code=killed, status=9/KILL",
    ),
    (Meaning.SERVICE_STARTED, "Started nginx.service - A high performance web server."),
    (Meaning.SERVICE_STOPPED, "Stopping nginx.service - A high performance web server..."),
    (Meaning.SERVICE_STARTED, "LOG:  database system is ready to accept connections"),
    (Meaning.SERVICE_STOPPED, "LOG:  received immediate shutdown request"),
    (Meaning.SERVICE_STOPPED, "LOG:  database system is shut down"),
    (Meaning.OUT_OF_RESOURCES, 'FATAL:  too many connections for role "shop"'),
    (
        Meaning.DEPENDENCY_FAILED,
        "connect() failed (111: Connection refused) while connecting to upstream, client: "
        '10.1.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.2.0.20:8000/"',
    ),
    (
        Meaning.DEPENDENCY_FAILED,
        'connection to server at "10.2.0.30", port 5432 failed: Connection refused',
    ),
    (Meaning.LINK_DOWN, "eth0: Link is Down"),
    (Meaning.LINK_DOWN, "Link beat lost."),
    (
        Meaning.LINK_DOWN,
        "%LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to down",
    ),
    (Meaning.LINK_UP, "eth0: Link is Up - 1Gbps/Full - flow control off"),
    (Meaning.LINK_UP, "Link beat detected."),
    (
        Meaning.ADJACENCY_LOST,
        "AdjChg: Nbr 10.0.0.2(default) on ge1:10.9.0.1: Full -> Deleted (KillNbr)",
    ),
    (
        Meaning.ADJACENCY_LOST,
        "%OSPF-5-ADJCHG: Process 1, Nbr 10.0.0.2 on GigabitEthernet0/1 from FULL to DOWN, "
        "Neighbor Down: Dead timer expired",
    ),
    (
        Meaning.ADJACENCY_FOUND,
        "AdjChg: Nbr 10.0.0.2(default) on ge1:10.9.0.1: Loading -> Full (LoadingDone)",
    ),
    (Meaning.PACKETS_DROPPED, "nf_conntrack: table full, dropping packet"),
    (Meaning.OUT_OF_RESOURCES, "write failed: No space left on device"),
]
EVERYDAY = [
    "order 17 placed product=3 total=9.90",
    '10.1.0.11 "GET / HTTP/1.1" 200 1234 0.002',
    "session opened for user root(uid=0) by (uid=0)",
    "LOG:  checkpoint complete: wrote 12 buffers",
    "Connection closed by 10.0.0.9 port 22",
]


def meaning(line: str) -> Meaning | None:
    return next((f.meaning for f in FAMILIES if re.search(f.pattern, line)), None)


@pytest.mark.parametrize(("expected", "line"), LINES, ids=[line[:40] for _, line in LINES])
def test_a_line_of_widespread_software_is_understood(expected: Meaning, line: str) -> None:
    assert meaning(line) is expected


@pytest.mark.parametrize("line", EVERYDAY)
def test_an_everyday_line_means_nothing_in_particular(line: str) -> None:
    assert meaning(line) is None


def test_a_user_name_cannot_put_the_blame_on_another_address() -> None:
    line = (
        "Failed password for invalid user x from 192.0.2.1 port 22 ssh2 from 10.0.0.9 port 7 ssh2"
    )
    found = re.search(FAMILIES[0].pattern, line)
    assert found is not None
    assert found[FAMILIES[0].groups.index("address") + 1] == "10.0.0.9"


def test_every_capture_group_has_a_name() -> None:
    for family in FAMILIES:
        assert re.compile(family.pattern).groups == len(family.groups), family.pattern


def test_the_failed_logins_of_a_real_server_are_counted_once_each(real_data: Path) -> None:
    lines = (real_data / "loghub" / "OpenSSH" / "OpenSSH_2k.log").read_text().splitlines()
    sshd = [f for f in FAMILIES if f.software == "sshd" and f.meaning is Meaning.LOGIN_FAILED]
    found = [re.search(sshd[0].pattern, line) for line in lines]
    failed = [m for m in found if m]
    assert len(failed) == sum(bool(re.search("Failed (password|none)", x)) for x in lines) > 100
    assert all(re.fullmatch(r"[0-9.]+", m[2]) for m in failed)


@pytest.mark.parametrize(
    ("port", "app", "unit"),
    [
        ("5432/tcp", "postgres", "postgresql"),
        ("5432/tcp", "", "postgresql"),
        ("8000/tcp", "shop", "shop"),
        ("8000/tcp", "", ""),
        ("80/tcp", "nginx", "nginx"),
        ("80/tcp", "$(reboot)", ""),
    ],
)
def test_the_unit_behind_a_service_is_told_by_its_log_or_its_port(
    port: str, app: str, unit: str
) -> None:
    assert unit_of(port, app) == unit
