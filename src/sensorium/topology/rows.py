"""Interfaces, sites and links as rows of answers: plain values that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from sensorium.topology.interface import Interface, Interfaces
from sensorium.topology.site import Site, lost_cut_off, within
from sensorium.topology.tally import Tally
from sensorium.topology.transit import Transit
from sensorium.topology.wiring import OUTSIDE, Wiring

Row = dict[str, Any]
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp"}


def service_label(port: int, proto: int) -> str:
    """``443/tcp``, or the protocol alone where it has no ports."""
    name = _PROTOCOLS.get(proto, f"protocol {proto}")
    return f"{port}/{name}" if port else name


def share_row(value: float) -> float:
    """A share as answers have it."""
    return round(value, 6)


def tally_row(tally: Tally, whole: Tally) -> Row:
    """How much it is, and of the whole."""
    return {
        "pairs": tally.pairs,
        "share": share_row(tally.share_of(whole)),
        "bytes": tally.bytes,
        "bytes_share": share_row(tally.bytes_of(whole)),
    }


def link_rows(wiring: Wiring, bridges: Set[tuple[str, ...]]) -> list[Row]:
    """Every link; one of several side by side is not the only way."""
    return [
        {
            "one": link.one,
            "port": link.port,
            "other": link.other,
            "other_port": link.other_port,
            "source": link.source,
            "only_way": (link.one, link.other) in bridges
            and len(wiring.between[link.one, link.other]) == 1,
        }
        for link in wiring.links
    ]


def interface_rows(interfaces: Interfaces, transit: Transit, whole: Tally) -> list[Row]:
    """Every interface, those whose loss takes most first."""
    wiring = transit.wiring
    rows = []
    for one in interfaces.all.values():
        carried = Tally.of(transit.uses_at(interfaces.carried(one)))
        lost = Tally.of(transit.uses_at(interfaces.lost(one)))
        rows.append(
            {
                "key": one.key,
                "device": one.device,
                "label": f"{one.name} of {wiring.nodes[one.device].label}",
                "name": one.name,
                "number": one.number,
                "neighbours": list(one.neighbours),
                "towards": towards(one, wiring),
                "on_paths": share_row(carried.share_of(whole)),
                "on_bytes": share_row(carried.bytes_of(whole)),
                "lost_pairs": lost.pairs,
                "lost_share": share_row(lost.share_of(whole)),
                "lost_bytes_share": share_row(lost.bytes_of(whole)),
            }
        )
    return sorted(rows, key=lambda r: (-r["lost_share"], -r["on_paths"], r["key"]))


def site_rows(sites: Iterable[Site], transit: Transit, whole: Tally) -> list[Row]:
    """Every site, those whose loss of all links takes most first."""
    rows = []
    for site in sites:
        lost = Tally.of(transit.uses_at(lost_cut_off(transit, site)))
        rows.append(
            {
                "key": site.key,
                "name": site.name,
                "nodes": sorted(site.members),
                "links": len(site.exits),
                "lost_pairs": lost.pairs,
                "lost_share": share_row(lost.share_of(whole)),
                "lost_bytes_share": share_row(lost.bytes_of(whole)),
            }
        )
    return sorted(rows, key=lambda r: (-r["lost_share"], r["name"]))


def towards(interface: Interface, wiring: Wiring) -> str:
    """What an interface leads to: a device or host by its name, or how many."""
    near = interface.neighbours
    if not near:
        return "nothing that is known"
    if OUTSIDE in near:
        return "outside" if len(near) == 1 else f"outside and {len(near) - 1} more"
    if len(near) == 1:
        return wiring.nodes[near[0]].label
    devices = [wiring.nodes[key].label for key in near if key in set(wiring.devices)]
    hosts = f"{len(near) - len(devices)} host{'s' * (len(near) - len(devices) != 1)}"
    return " and ".join(
        filter(None, (", ".join(devices), hosts if len(near) > len(devices) else ""))
    )


def interface_said(
    interfaces: Interfaces, one: Interface, wiring: Wiring, roles: dict[str, str]
) -> Row:
    """What the answer on an interface's loss says beside what is lost."""
    role = roles[one.device]
    article = "an" if role[0] in "aeiou" else "a"
    return {
        "what": "interface",
        "label": f"interface {one.name} of {wiring.nodes[one.device].label}",
        "role": f"port of {article} {role} towards {towards(one, wiring)}",
        "on_paths_from": "flow reports" if interfaces.reports(one) else "links",
        "interface": {"device": one.device, "name": one.name, "number": one.number},
        "at_most": wiring.seen_whole and not interfaces.is_placed(one),
    }


def site_said(site: Site, transit: Transit, whole: Tally) -> Row:
    """What the answer on a site that is cut off says beside what is lost."""
    wiring = transit.wiring
    ends, cut = transit.lost_without(site.members)
    exits = [
        {
            "from": wiring.nodes[mine].label,
            "port": port,
            "to": wiring.nodes[other].label,
            "to_port": other_port,
            "source": link.source,
        }
        for link in site.exits
        for mine, port, other, other_port in [
            (link.one, link.port, link.other, link.other_port)
            if link.one in site.members
            else (link.other, link.other_port, link.one, link.port)
        ]
    ]
    return {
        "what": "site",
        "label": f"site {site.name}",
        "role": f"{len(site.members)} nodes",
        "on_paths_from": "links",
        "nodes": [wiring.nodes[key].label for key in sorted(site.members)],
        "exits": exits,
        "within": tally_row(Tally.of(transit.uses_at(within(transit, site))), whole),
        "lost_with_all": tally_row(Tally.of((*ends, *cut)), whole),
    }
