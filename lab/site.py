"""Who is on the network: names, addresses and roles, all decided by the seed. No I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network


class Role(StrEnum):
    """What a host is for."""

    EDGE = "edge"
    CORE = "core"
    USER = "user"
    WEB = "web"
    APP = "app"
    DB = "db"
    DNS = "dns"
    FILES = "files"
    BACKUP = "backup"
    BASTION = "bastion"
    MONITOR = "monitor"
    INTERNET = "internet"


SERVERS = (Role.WEB, Role.APP, Role.DB, Role.DNS, Role.FILES, Role.BACKUP)
ROUTERS = (Role.EDGE, Role.CORE)


class SyslogFormat(StrEnum):
    """How a host writes its syslog datagrams."""

    RFC5424 = "rfc5424"
    RFC3164 = "rfc3164"


@dataclass(frozen=True, slots=True)
class Segment:
    """One subnet and the address of the router in it."""

    name: str
    network: IPv4Network

    @property
    def gateway(self) -> str:
        """The router's address: the first of the subnet."""
        return str(self.network[1])


@dataclass(frozen=True, slots=True)
class Host:
    """One machine. ``address`` is where it is managed; ``aliases`` are further addresses."""

    name: str
    role: Role
    segment: str
    address: str
    syslog: SyslogFormat | None = None
    aliases: tuple[str, ...] = ()
    person: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The whole network. Every value follows from ``seed``."""

    seed: int
    name: str
    domain: str
    segments: tuple[Segment, ...]
    hosts: tuple[Host, ...]
    link: IPv4Network
    websites: tuple[tuple[str, str], ...]
    dropbox: str
    netflow_router: Role

    def segment(self, name: str) -> Segment:
        """The segment of that name; KeyError if there is none."""
        return {s.name: s for s in self.segments}[name]

    def all(self, role: Role) -> tuple[Host, ...]:
        """Every host of that role, in order."""
        return tuple(h for h in self.hosts if h.role is role)

    def one(self, role: Role) -> Host:
        """The one host of that role (the first, where there are several)."""
        return self.all(role)[0]

    def named(self, name: str) -> Host:
        """The host of that name; KeyError if there is none."""
        return {h.name: h for h in self.hosts}[name]

    @property
    def servers(self) -> tuple[Host, ...]:
        """The hosts of the server segment."""
        return tuple(h for h in self.hosts if h.role in SERVERS)

    @property
    def monitored(self) -> tuple[Host, ...]:
        """The hosts that send syslog and serve metrics: all but those on the internet."""
        return tuple(h for h in self.hosts if h.role is not Role.INTERNET)

    @property
    def edge_link(self) -> str:
        """The edge router's address on the link between the routers."""
        return str(self.link[1])

    @property
    def core_link(self) -> str:
        """The core router's address on the link between the routers."""
        return str(self.link[2])


_NAMES: tuple[dict[Role, str], ...] = (
    {
        Role.EDGE: "rtr-edge",
        Role.CORE: "rtr-core",
        Role.WEB: "web-01",
        Role.APP: "app-01",
        Role.DB: "db-01",
        Role.DNS: "ns-01",
        Role.FILES: "nas-01",
        Role.BACKUP: "bkp-01",
        Role.BASTION: "jump-01",
        Role.MONITOR: "mon-01",
        Role.USER: "wks-{person}",
    },
    {
        Role.EDGE: "gw1",
        Role.CORE: "gw2",
        Role.WEB: "portal",
        Role.APP: "orders",
        Role.DB: "ledger",
        Role.DNS: "resolver",
        Role.FILES: "share",
        Role.BACKUP: "keeper",
        Role.BASTION: "bastion",
        Role.MONITOR: "watch",
        Role.USER: "pc-{person}",
    },
    {
        Role.EDGE: "{site}-er1",
        Role.CORE: "{site}-cr1",
        Role.WEB: "{site}-www1",
        Role.APP: "{site}-shop1",
        Role.DB: "{site}-pg1",
        Role.DNS: "{site}-dns1",
        Role.FILES: "{site}-file1",
        Role.BACKUP: "{site}-vault1",
        Role.BASTION: "{site}-adm1",
        Role.MONITOR: "{site}-tel1",
        Role.USER: "{site}-{person}",
    },
)
_PEOPLE = (
    *("anna", "bruno", "carla", "dmitri", "elif", "femi", "greta"),
    *("hugo", "ines", "jonas", "kira", "liam", "mei", "noor"),
)
_SITES = ("harbor", "meadow", "quarry", "orchard", "foundry", "summit", "delta", "ridge")
_WEB_NAMES = (
    *("news.example.com", "cdn.example.com", "mail.example.net", "maps.example.net"),
    *("wiki.example.org", "packages.example.org", "video.example.com", "weather.example.net"),
)


def make_site(seed: int, name: str = "") -> Site:
    """Decide the whole network from ``seed``; the same seed gives the same site."""
    rng = random.Random(f"site/{seed}")
    site_name = name or random.Random(f"name/{seed}").choice(_SITES)
    names = rng.choice(_NAMES)
    segments = _segments(rng)
    by_name = {s.name: s for s in segments}
    hosts = [
        *_inside(rng, names, by_name, site_name[:3]),
        *_outside(rng),
    ]
    internet = [h for h in hosts if h.role is Role.INTERNET]
    public = [(a, h) for h in internet for a in h.aliases]
    rng.shuffle(public)
    websites = tuple((w, a) for w, (a, _) in zip(_WEB_NAMES, public, strict=False))
    return Site(
        seed=seed,
        name=site_name,
        domain=f"{site_name}.example",
        segments=segments,
        hosts=tuple(hosts),
        link=by_name["link"].network,
        websites=websites,
        dropbox=str(IPv4Network("192.0.2.0/24")[rng.randrange(20, 240)]),
        netflow_router=rng.choice(ROUTERS),
    )


def _segments(rng: random.Random) -> tuple[Segment, ...]:
    style = rng.randrange(3)
    if style == 0:
        block, thirds = f"10.{rng.randrange(1, 250)}", rng.sample(range(1, 250), 4)
    elif style == 1:
        block, thirds = f"172.{rng.randrange(16, 32)}", rng.sample(range(1, 250), 4)
    else:
        block, thirds = "192.168", rng.sample(range(2, 250), 4)
    users, servers, management, link = thirds
    return (
        Segment("users", IPv4Network(f"{block}.{users}.0/24")),
        Segment("servers", IPv4Network(f"{block}.{servers}.0/24")),
        Segment("management", IPv4Network(f"{block}.{management}.0/24")),
        Segment("link", IPv4Network(f"{block}.{link}.0/30")),
        Segment("internet", IPv4Network("198.51.100.0/24")),
    )


def _inside(
    rng: random.Random, names: dict[Role, str], segments: dict[str, Segment], site: str
) -> list[Host]:
    formats = [SyslogFormat.RFC5424, SyslogFormat.RFC3164]

    def host(role: Role, segment: str, address: str, person: str = "") -> Host:
        text = names[role].format(site=site, person=person)
        return Host(text, role, segment, address, rng.choice(formats), person=person)

    def free(segment: str, count: int) -> list[str]:
        network = segments[segment].network
        return [str(network[i]) for i in rng.sample(range(10, 200), count)]

    management = free("management", 3)
    hosts = [
        host(Role.EDGE, "management", management[0]),
        host(Role.CORE, "management", segments["management"].gateway),
        host(Role.BASTION, "management", management[1]),
        host(Role.MONITOR, "management", management[2]),
    ]
    addresses = free("servers", len(SERVERS))
    hosts += [host(r, "servers", a) for r, a in zip(SERVERS, addresses, strict=True)]
    people = rng.sample(_PEOPLE, 5)
    hosts += [host(Role.USER, "users", a, p) for a, p in zip(free("users", 5), people, strict=True)]
    return hosts


def _outside(rng: random.Random) -> list[Host]:
    near, far = IPv4Network("198.51.100.0/24"), IPv4Network("203.0.113.0/24")
    picks = rng.sample(range(20, 240), 10)
    return [
        Host(
            "cdn",
            Role.INTERNET,
            "internet",
            str(near[picks[0]]),
            aliases=tuple(str(near[p]) for p in picks[1:5]),
        ),
        Host(
            "hosting",
            Role.INTERNET,
            "internet",
            str(near[picks[5]]),
            aliases=tuple(str(far[p]) for p in picks[6:10]),
        ),
    ]
