"""Does an announced change explain this? Reasons for and against, each a pure function.

Time alone explains nothing. Traffic must go between the announced hosts, in the announced
direction, to the announced port; logs and metrics must be of an announced host and of a kind
that such work causes. An unstated field of a scope allows nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sensorium.model.change import Change, ChangeKind

Resolve = Callable[[str], str | None]
"""Turns a name or an address, as announced, into a host's canonical address; None if unknown."""

SECOND = 1_000_000_000
_PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp": 1}


@dataclass(frozen=True, slots=True, order=True)
class Talk:
    """Who talks with whom: client and server as canonical addresses, and the server's port."""

    client: str
    server: str
    port: int
    proto: int


class Aspect(StrEnum):
    """What is compared."""

    TIME = "time"
    HOST = "host"
    DIRECTION = "direction"
    PORT = "port"
    VOLUME = "volume"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class Reason:
    """One comparison: whether it speaks for the change as the explanation, and why."""

    aspect: Aspect
    fits: bool
    text: str


@dataclass(frozen=True, slots=True)
class ScopeAnswer:
    """All comparisons made. The change explains only what no reason speaks against."""

    reasons: tuple[Reason, ...]

    @property
    def fits(self) -> bool:
        """True if at least one reason speaks for it and none against."""
        return bool(self.reasons) and all(reason.fits for reason in self.reasons)

    @property
    def reasons_for(self) -> tuple[str, ...]:
        """The texts that speak for it."""
        return tuple(r.text for r in self.reasons if r.fits)

    @property
    def reasons_against(self) -> tuple[str, ...]:
        """The texts that speak against it."""
        return tuple(r.text for r in self.reasons if not r.fits)


def check_time(
    change: Change, start_ns: int, end_ns: int, *, lead_s: int = 60, overrun_s: int = 120
) -> Reason:
    """Whether a span of event time lies in the announced one, with some room at both ends."""
    early = start_ns < change.start_ns - lead_s * SECOND
    late = end_ns > change.end_ns + overrun_s * SECOND
    announced = f"{_clock(change.start_ns)} to {_clock(change.end_ns)}"
    if early or late:
        side = "starts before" if early else "lasts beyond"
        return Reason(
            Aspect.TIME,
            False,
            f"{_clock(start_ns)} to {_clock(end_ns)} {side} the announced {announced}",
        )
    return Reason(
        Aspect.TIME, True, f"{_clock(start_ns)} to {_clock(end_ns)} lies within {announced}"
    )


def check_transfer(change: Change, talk: Talk, resolve: Resolve) -> ScopeAnswer:
    """Whether a conversation is what was announced: from whom, to whom, to which port.

    A deployment is announced as a host and the port its service answers on, and maintenance as
    hosts alone: conversations with those hosts fit, whoever the client.
    """
    sources = _addresses(change.scope.hosts, resolve)
    targets = _addresses(change.scope.peers, resolve)
    if change.kind in (ChangeKind.DEPLOYMENT, ChangeKind.MAINTENANCE) and not targets:
        return _check_server(change, talk, sources)
    if not sources or not targets:
        return ScopeAnswer(
            (Reason(Aspect.HOST, False, f"{change.ref} states no pair of hosts for traffic"),)
        )
    pair = f"{talk.client} to {talk.server}"
    reasons = []
    if talk.client in sources and talk.server in targets:
        reasons.append(Reason(Aspect.HOST, True, f"{pair} is the announced pair"))
        reasons.append(Reason(Aspect.DIRECTION, True, "it goes in the announced direction"))
    elif talk.server in sources and talk.client in targets:
        reasons.append(Reason(Aspect.DIRECTION, False, f"{pair} is the reverse of the announced"))
    else:
        reasons.append(Reason(Aspect.HOST, False, f"{pair} is not the announced pair"))
    ports = parse_ports(change.scope.ports)
    return ScopeAnswer((*reasons, *_port_reasons(talk, ports)))


def check_volume(change: Change, seen_bytes: float) -> Reason | None:
    """Whether a volume is within the announced limit; None where none was announced."""
    limit = change.scope.max_bytes
    if not limit:
        return None
    fits = seen_bytes <= limit
    relation = "within" if fits else "above"
    return Reason(
        Aspect.VOLUME,
        fits,
        f"{seen_bytes / 1e6:,.0f} MB is {relation} the announced limit of {limit / 1e6:,.0f} MB",
    )


def check_host(change: Change, host: str, resolve: Resolve) -> Reason:
    """Whether a host (canonical address) is one that the change was announced for."""
    scope = change.scope
    fits = host in _addresses((*scope.hosts, *scope.peers), resolve)
    relation = "is" if fits else "is not"
    return Reason(Aspect.HOST, fits, f"{host} {relation} among the announced hosts")


def parse_ports(labels: Iterable[str]) -> frozenset[tuple[int, int]]:
    """``22/tcp`` as (22, 6); a bare number is TCP; what is no port is left out."""
    found = set()
    for label in labels:
        number, _, name = label.strip().partition("/")
        proto = _PROTOCOLS.get(name.lower() or "tcp")
        if number.isdigit() and proto is not None:
            found.add((int(number), proto))
    return frozenset(found)


def _check_server(change: Change, talk: Talk, hosts: frozenset[str]) -> ScopeAnswer:
    fits = talk.server in hosts
    relation = "is" if fits else "is not"
    reason = Reason(Aspect.HOST, fits, f"{talk.server} {relation} a host the change is for")
    return ScopeAnswer((reason, *_port_reasons(talk, parse_ports(change.scope.ports))))


def _port_reasons(talk: Talk, ports: frozenset[tuple[int, int]]) -> tuple[Reason, ...]:
    if not ports:
        return ()
    fits = (talk.port, talk.proto) in ports
    relation = "is" if fits else "is not"
    return (Reason(Aspect.PORT, fits, f"port {talk.port} {relation} announced"),)


def _addresses(names: Iterable[str], resolve: Resolve) -> frozenset[str]:
    found = (resolve(name) for name in names)
    return frozenset(address for address in found if address is not None)


def _clock(ns: int) -> str:
    return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%H:%M:%S")
