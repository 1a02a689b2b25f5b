"""Message families of widespread software: what a log line means, told by a pattern.

Each pattern is RE2 (ClickHouse's ``extractGroups``) and Python ``re`` alike, matched anywhere in
the body, case sensitive unless it says otherwise. The capture groups are named in ``groups``.
A user name is whatever the client sent, so its ``.*`` is greedy: in a name that itself says "from
192.0.2.1 port 22" the last address is the true one.

The wording is that of the programs' own sources: OpenSSH auth.c and auth2.c, sudo's logging.c,
Linux-PAM pam_unix, systemd's job messages, Vixie cron and cronie, the Linux kernel's netdev
messages, FRRouting and BIRD's OSPF logging, nginx ngx_http_upstream.c, PostgreSQL's elog.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a recognised line says happened."""

    LOGIN_FAILED = "login_failed"
    LOGIN = "login"
    PRIVILEGE_USED = "privilege_used"
    JOB_STARTED = "job_started"
    SERVICE_STARTED = "service_started"
    SERVICE_STOPPED = "service_stopped"
    SERVICE_FAILED = "service_failed"
    DEPENDENCY_FAILED = "dependency_failed"
    LINK_DOWN = "link_down"
    LINK_UP = "link_up"
    ADJACENCY_LOST = "adjacency_lost"
    ADJACENCY_FOUND = "adjacency_found"
    PACKETS_DROPPED = "packets_dropped"
    OUT_OF_RESOURCES = "out_of_resources"


@dataclass(frozen=True, slots=True)
class Family:
    """One recognised kind of line; ``groups`` names the pattern's capture groups in order."""

    software: str
    meaning: Meaning
    pattern: str
    groups: tuple[str, ...] = ()


_ADDRESS = r"([0-9a-fA-F.:]+)"

FAMILIES: tuple[Family, ...] = (
    Family(
        "sshd",
        Meaning.LOGIN_FAILED,
        rf"Failed (?:password|publickey|keyboard-interactive/pam|none) for "
        rf"(?:invalid user )?(.*) from {_ADDRESS} port",
        ("user", "address"),
    ),
    Family(
        "sshd",
        Meaning.LOGIN_FAILED,
        rf"Invalid user (.*) from {_ADDRESS}",
        ("user", "address"),
    ),
    Family(
        "sshd",
        Meaning.LOGIN,
        rf"Accepted (?:password|publickey|keyboard-interactive/pam) for (.+) from {_ADDRESS} port",
        ("user", "address"),
    ),
    Family(
        "pam",
        Meaning.LOGIN_FAILED,
        rf"authentication failure;.* rhost={_ADDRESS}(?:\s+user=(\S+))?",
        ("address", "user"),
    ),
    Family(
        "sudo",
        Meaning.PRIVILEGE_USED,
        r"(\S+) : (?:.*; )?TTY=\S+ ; PWD=\S+ ; USER=(\S+) ; (?:.*; )?COMMAND=(.+)",
        ("user", "target", "command"),
    ),
    Family("cron", Meaning.JOB_STARTED, r"\((\S+)\) CMD \((.+)\)", ("user", "command")),
    Family(
        "systemd",
        Meaning.SERVICE_FAILED,
        r"(\S+)\.service: (?:Failed with result|Main process exited, code=(?:killed|dumped|exited)"
        r", status=(?:[1-9]|\d{2}))",
        ("service",),
    ),
    Family(
        "systemd",
        Meaning.SERVICE_STARTED,
        r"Started (?:(\S+)\.service|(.+?))(?: -|\.|$)",
        ("service", "service"),
    ),
    Family(
        "systemd",
        Meaning.SERVICE_STOPPED,
        r"Stopp(?:ed|ing) (?:(\S+)\.service|(.+?))(?: -|\.|$)",
        ("service", "service"),
    ),
    Family(
        "postgresql",
        Meaning.SERVICE_STARTED,
        r"database system is ready to accept connections",
    ),
    Family(
        "postgresql",
        Meaning.SERVICE_STOPPED,
        r"database system (?:is shut down|was interrupted)|received (?:fast|smart|immediate) "
        r"shutdown request",
    ),
    Family(
        "daemons",
        Meaning.SERVICE_STARTED,
        r"(?i)\b(?:(?:now |server |is )?listening (?:on|at) (?:port |address |\S+[: ])"
        r"|server started\b|startup complete\b)",
    ),
    Family(
        "daemons",
        Meaning.SERVICE_STOPPED,
        r"(?i)\b(?:(?:stopping|terminating|exiting|shutting down|killed)\b.{0,20}\bsignal \d+"
        r"|received signal \d+; terminating|caught SIG(?:TERM|INT|QUIT)\b)",
    ),
    Family(
        "postgresql",
        Meaning.OUT_OF_RESOURCES,
        r"(?:remaining connection slots are reserved|sorry, too many clients already"
        r"|too many connections for (?:role|database))",
    ),
    Family(
        "nginx",
        Meaning.DEPENDENCY_FAILED,
        r"(?:connect\(\) failed \(\d+: [^)]+\)|upstream timed out \(\d+: [^)]+\)"
        r"|no live upstreams|upstream prematurely closed connection)"
        r"(?:.*?upstream: \"\w+://([^/\"]+))?",
        ("upstream",),
    ),
    Family(
        "libpq",
        Meaning.DEPENDENCY_FAILED,
        r"connection to server at \"([^\"]+)\"(?: \([^)]*\))?, port (\d+) failed",
        ("address", "port"),
    ),
    Family(
        "sockets",
        Meaning.DEPENDENCY_FAILED,
        r"(?i)(?:connection (?:refused|timed out|reset by peer)|could not connect to|"
        r"connect(?:ion)? to .{1,80} failed|no route to host|host is unreachable|"
        r"temporary failure in name resolution|server closed the connection unexpectedly)",
    ),
    Family(
        "link",
        Meaning.LINK_DOWN,
        r"(?i)(?:\b([\w./-]+): (?:NIC )?link is down|\binterface ([\w./-]+?),? (?:is |state )?"
        r"(?:changed state to )?down\b|\b([\w./-]+): (?:carrier lost|lost carrier)|link beat lost)",
        ("interface", "interface", "interface"),
    ),
    Family(
        "link",
        Meaning.LINK_UP,
        r"(?i)(?:\b([\w./-]+): (?:NIC )?link (?:is up|becomes ready)|\binterface ([\w./-]+?),? "
        r"(?:is |state )?(?:changed state to )?up\b|\b([\w./-]+): (?:carrier acquired|"
        r"gained carrier)|link beat detected)",
        ("interface", "interface", "interface"),
    ),
    Family(
        "ospf",
        Meaning.ADJACENCY_LOST,
        r"(?i)\b(?:nbr|neighbou?r)\b.*\bon ([A-Za-z][\w/.-]*).*\bfull\b\s*(?:->|to)\s*"
        r"(?:down|deleted|init|attempt|1-?way|2-?way|exstart)",
        ("interface",),
    ),
    Family(
        "ospf",
        Meaning.ADJACENCY_FOUND,
        r"(?i)\b(?:nbr|neighbou?r)\b.*\bon ([A-Za-z][\w/.-]*).*(?:->|\bto)\s*full\b",
        ("interface",),
    ),
    Family(
        "kernel",
        Meaning.PACKETS_DROPPED,
        r"(?i)(?:transmit queue \d+ timed out|tx (?:queue )?(?:timeout|overrun)|"
        r"queue (?:is )?full|packets? dropped|table full, dropping packet)",
    ),
    Family(
        "kernel",
        Meaning.OUT_OF_RESOURCES,
        r"(?i)(?:out of memory|oom-kill|no space left on device|too many open files|"
        r"cannot allocate memory)",
    ),
)


def families(*meanings: Meaning) -> tuple[Family, ...]:
    """The families that say one of these things, in the table's order."""
    return tuple(f for f in FAMILIES if f.meaning in meanings)
