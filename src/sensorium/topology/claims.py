"""Claims that a name belongs to an address, and the directory that the credible ones add up to."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from sensorium.state.arrays import State, StateError, joined, taken, taken_texts, texts

Claim = tuple[str, str, str]
"""Who says so (``logs``, ``metrics``, ``stated``), the address, the name in lower case."""

_NOBODY = frozenset({"", "-", "localhost", "localhost.localdomain", "(none)", "unknown"})
_RANK = {"stated": 0, "metrics": 1, "logs": 2}


class Claims:
    """Every claim with the earliest arrival of a record that made it, ripe or still to come."""

    def __init__(self) -> None:
        self._first_ns: dict[Claim, int] = {}
        self._ripe: set[Claim] = set()
        self._waiting: set[Claim] = set()

    def add_many(self, source: str, claims: Iterable[tuple[str, str, int]]) -> None:
        """Add (address, name, arrival in Unix ns); names that name nobody are left out."""
        for address, raw, seen_ns in claims:
            name = raw.strip().rstrip(".").lower()
            if name in _NOBODY or _is_address(name):
                continue
            claim = (source, address, name)
            known = self._first_ns.get(claim)
            if known is None or seen_ns < known:
                self._first_ns[claim] = seen_ns
            if claim not in self._ripe:
                self._waiting.add(claim)

    def ripen(self, watermark_ns: int) -> bool:
        """Let claims first made by ``watermark_ns`` count; true if there were any new ones."""
        due = {claim for claim in self._waiting if self._first_ns[claim] <= watermark_ns}
        self._ripe |= due
        self._waiting -= due
        return bool(due)

    def kept(self) -> State:
        """Every claim, and when it was first made."""
        return {
            **joined(
                sources=texts(source for source, _, _ in self._first_ns),
                addresses=texts(address for _, address, _ in self._first_ns),
                names=texts(name for _, _, name in self._first_ns),
            ),
            "first_ns": np.array(list(self._first_ns.values()), np.int64),
        }

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave; all claims wait to ripen again."""
        first = taken(kept, "first_ns", np.int64, None).tolist()
        told = (taken_texts(kept, name, len(first)) for name in ("sources", "addresses", "names"))
        claims: list[Claim] = list(zip(*told, strict=True))
        if not {source for source, _, _ in claims} <= set(_RANK):
            raise StateError("a kept state has claims from nowhere")
        self._first_ns = dict(zip(claims, first, strict=True))
        self._ripe, self._waiting = set(), set(claims)

    def ripe(self) -> list[Claim]:
        """The claims that count, sorted."""
        return sorted(self._ripe)


@dataclass(frozen=True, slots=True)
class Directory:
    """What a set of claims amounts to; a function of the set alone, not of its order."""

    canonical: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _by_name: dict[str, str] = field(default_factory=dict)
    _ambiguous: set[str] = field(default_factory=set)

    @staticmethod
    def of(claims: Iterable[Claim]) -> Directory:
        """Join addresses that share a credible name; the smallest of them is canonical.

        A log relay speaks for many names from one address, and a shared kernel gives one node
        name to many hosts: neither says who is who, so neither is believed (see
        :func:`_credible`). A host is called by the first label of its name, where that is not
        short for the names of several.
        """
        credible = _credible(list(claims))
        directory = Directory(_ambiguous=_ambiguous(credible))
        groups = _joined(credible, directory._ambiguous)
        best: dict[str, tuple[int, int, str]] = {}
        for source, address, name in credible:
            key = (_RANK[source], -len(name.split(".")[0]), name)
            group = groups[address]
            best[group] = min(best.get(group, key), key)
        members: dict[str, list[str]] = defaultdict(list)
        for address, group in groups.items():
            members[group].append(address)
            directory.canonical[address] = group
        for group, addresses in members.items():
            directory.aliases[group] = tuple(sorted(addresses, key=address_order))
            directory.names[group] = _called(best[group][2], directory._ambiguous)
        for _, address, name in credible:
            directory._by_name[name] = groups[address]
            directory._by_name.setdefault(_called(name, directory._ambiguous), groups[address])
        return directory

    def address_of(self, name: str) -> str | None:
        """The canonical address of a full or short name in lower case; None if unknown."""
        return self._by_name.get(name) or self._by_name.get(_called(name, self._ambiguous))


def address_order(text: str) -> tuple[int, int]:
    """Sort key of an address in text: IPv4 before IPv6, then by number."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return (9, 0)
    return (address.version, int(address))


def _credible(claims: list[Claim]) -> list[Claim]:
    spoken: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, address, name in claims:
        spoken[source, address].add(name.split(".")[0])
    # An address from which several names write logs is a relay.
    plain = [c for c in claims if len(spoken[c[0], c[1]]) == 1]
    own: dict[str, set[str]] = defaultdict(set)
    for source, address, name in plain:
        if source == "logs":
            own[address].add(name.split(".")[0])
    holders: dict[str, set[str]] = defaultdict(set)
    for source, address, name in plain:
        if source == "metrics":
            holders[name.split(".")[0]].add(address)
    # One node name at addresses that call themselves differently is a shared kernel's.
    shared = {
        name
        for name, addresses in holders.items()
        if len({n for a in addresses for n in own[a]} | {name}) > 2
    }
    return sorted(
        (c for c in plain if c[0] != "metrics" or c[2].split(".")[0] not in shared),
        key=lambda c: (_RANK[c[0]], address_order(c[1]), c[2]),
    )


def _ambiguous(claims: list[Claim]) -> set[str]:
    """First labels of names that one source has in full for different addresses.

    ``rtr1.ams.example`` and ``rtr1.fra.example`` are two routers, though both say ``rtr1``. Names
    that an address has in turn are of one host.
    """
    home: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    first: dict[Claim, str] = {}
    for source, address, name in claims:
        short, dot, _ = name.partition(".")
        if dot:
            of_short = home[source, short]
            beside = first.setdefault((source, "", name), address)
            one, other = _root(of_short, address), _root(of_short, beside)
            of_short[max(one, other)] = min(one, other)
    return {
        short
        for (_, short), found in home.items()
        if len({_root(found, address) for address in found}) > 1
    }


def _root(home: dict[str, str], address: str) -> str:
    while home.setdefault(address, address) != address:
        home[address] = home[home[address]]
        address = home[address]
    return address


def _called(name: str, ambiguous: set[str]) -> str:
    short = name.partition(".")[0]
    return name if short in ambiguous else short


def _joined(claims: list[Claim], ambiguous: set[str]) -> dict[str, str]:
    # The strongest source names an address first; a weaker one then adds to it, never renames it.
    named: dict[str, str] = {}
    for _, address, name in claims:
        named.setdefault(address, _called(name, ambiguous))
    members: dict[str, list[str]] = defaultdict(list)
    for address, name in named.items():
        members[name].append(address)
    return {
        address: min(addresses, key=address_order)
        for addresses in members.values()
        for address in addresses
    }


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
