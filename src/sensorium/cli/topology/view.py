"""How the answers look in a terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sensorium.topology.words import amount, named, percent

Answer = dict[str, Any]
_FIGURE = len("<0.1 %")
_ROOM_FOR_NODE, _ROOM_FOR_PORT = 24, 70
"""Signs beyond which the columns of figures are made narrow, in a terminal of 100."""
_MOST = 30
_MOST_NAMED = 6
_MOST_INTERFACES = 10


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 100, highlight=False)


def _plain(answer: Any) -> Any:
    """An answer in which nothing is markup: a device may be called ``sw[1]``."""
    if isinstance(answer, dict):
        return {key: _plain(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_plain(value) for value in answer]
    return escape(answer) if isinstance(answer, str) else answer


def _width(heading: str) -> int:
    """What a column of figures needs, so that long names give way and not they."""
    return max(_FIGURE, *map(len, heading.split()))


def show(answer: Answer) -> None:
    """Every node, the most critical first."""
    out, answer = _console(), _plain(answer)
    nodes, links = answer["nodes"], answer["links"]
    out.print(
        f"{len(nodes):,} nodes, {len(links):,} links, {answer['pairs']:,} client-service pairs and "
        f"{amount(answer['bytes'])}\nfrom {answer['since']} to {answer['until']} UTC\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    tight = any(len(node["label"]) > _ROOM_FOR_NODE for node in nodes[:_MOST])
    for heading, right in (
        ("node", False),
        ("role", False),
        ("on paths", True),
        ("lost", True),
        ("bytes lost", True),
        ("betweenness", True),
        ("core", True),
        ("group", True),
    ):
        table.add_column(
            heading,
            justify="right" if right else "left",
            no_wrap=heading == "role",
            width=_width(heading) if right and tight else None,
            overflow="fold",
        )
    for node in nodes[:_MOST]:
        alone = " [red]![/]" if node["parts_the_network"] else ""
        between = f"{node['betweenness']:.3f}"
        if node["betweenness_error"]:
            between += f" ±{node['betweenness_error']:.3f}"
        table.add_row(
            node["label"] + alone,
            node["role"],
            percent(node["on_paths"]) if node["on_paths"] else "",
            percent(node["lost_share"]) if node["lost_pairs"] else "",
            percent(node["lost_bytes_share"]) if node["lost_pairs"] else "",
            between,
            str(node["core_number"]),
            str(node["community"]),
        )
    out.print(table)
    if len(nodes) > _MOST:
        out.print(f"({len(nodes) - _MOST:,} more; --json prints them all)")
    if any(node["parts_the_network"] for node in nodes[:_MOST]):
        out.print("\n[red]![/] its loss parts what is left of the network")
    _interfaces(out, answer["interfaces"])
    _sites(out, answer["sites"])
    _notes(out, answer)


def _interfaces(out: Console, interfaces: list[Answer]) -> None:
    if not interfaces:
        return
    out.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = interfaces[:_MOST_INTERFACES]
    tight = any(len(one["label"] + one["towards"]) > _ROOM_FOR_PORT for one in shown)
    for heading in ("interface", "towards", "on paths", "lost", "bytes lost"):
        right = heading not in {"interface", "towards"}
        table.add_column(
            heading,
            justify="right" if right else "left",
            width=_width(heading) if right and tight else None,
            overflow="fold",
        )
    for one in shown:
        table.add_row(
            one["label"],
            one["towards"],
            percent(one["on_paths"]) if one["on_paths"] else "",
            percent(one["lost_share"]) if one["lost_pairs"] else "",
            percent(one["lost_bytes_share"]) if one["lost_pairs"] else "",
        )
    out.print(table)
    if len(interfaces) > _MOST_INTERFACES:
        out.print(f"({len(interfaces) - _MOST_INTERFACES:,} more; --json prints them all)")


def _sites(out: Console, sites: list[Answer]) -> None:
    if not sites:
        return
    out.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("site", "nodes", "links out", "lost if cut off", "bytes lost"):
        table.add_column(heading, justify="left" if heading == "site" else "right")
    for site in sites[:_MOST]:
        table.add_row(
            site["name"],
            f"{len(site['nodes']):,}",
            f"{site['links']:,}",
            percent(site["lost_share"]) if site["lost_pairs"] else "",
            percent(site["lost_bytes_share"]) if site["lost_pairs"] else "",
        )
    out.print(table)


def impact(answer: Answer) -> None:
    """What is lost without one node, interface or site."""
    out, answer = _console(), _plain(answer)
    out.print(f"[bold]{answer['label']}[/]: {answer['role']}, {_on_paths(answer)}")
    if answer["carries"]:
        out.print(f"carries {named(answer['carries'], _MOST_NAMED)}")
    is_site = answer["what"] == "site"
    if is_site:
        _exits(out, answer["exits"])
    lost, whole = answer["lost"], answer["pairs"]
    happens = "is cut off" if is_site else "fails"
    out.print(
        f"\nIf it {happens}, {lost['pairs']:,} of {whole:,} client-service pairs are lost "
        f"({percent(lost['share'])}), with {percent(lost['bytes_share'])} of the bytes:"
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column()
    parts = [("cut_off", "have no other way"), ("another_way", "run over it and have another way")]
    if answer["what"] == "node":
        parts.insert(0, ("ends_there", "end there"))
    if is_site:
        parts.append(("within", "stay within it and go on"))
    for key, text in parts:
        part = answer[key]
        table.add_row(f"  {part['pairs']:,}", text, f"{percent(part['bytes_share'])} of bytes")
    out.print(table)
    if answer["ways_left"] is not None:
        least = "at least " if answer["ways_left_is_least"] else ""
        ways = answer["ways_left"]
        out.print(f"  The worst of those would have {least}{ways} way{'s' * (ways != 1)} left.")
    if is_site:
        all_of_it = answer["lost_with_all"]
        out.print(
            f"  If all of it fails, {all_of_it['pairs']:,} pairs are lost "
            f"({percent(all_of_it['share'])})."
        )
    elif answer.get("at_most"):
        out.print("  No file tells of a link at it: all that it carried is taken for lost.")
    if answer["services"]:
        out.print("\nServices that clients lose")
        _services(out, answer["services"])
    if answer["in_turn"]:
        hosts = [one["label"] for one in answer["in_turn"]]
        out.print(f"\nIn turn, {named(hosts, _MOST_NAMED)} depend on hosts that lose a service.")
    _notes(out, answer)


def _exits(out: Console, exits: list[Answer]) -> None:
    """The links by which a site reaches the rest; those to one port are told together."""
    ports: dict[tuple[str, str], list[Answer]] = {}
    for link in exits:
        ports.setdefault((link["to"], link["to_port"]), []).append(link)
    for (to, to_port), links in list(ports.items())[:_MOST_NAMED]:
        first = links[0]
        near = f"{first['from']} {first['port']}".strip()
        near = near if len(links) == 1 else f"{len(links)} nodes"
        out.print(f"  {near} – {f'{to} {to_port}'.strip()}  [dim]({first['source']})[/]")
    if len(ports) > _MOST_NAMED:
        out.print(f"  ({len(ports) - _MOST_NAMED:,} more; --json prints them all)")


def path(answer: Answer) -> None:
    """The way between two nodes, and who depends on whom."""
    out, answer = _console(), _plain(answer)
    if not answer["connected"]:
        out.print(f"No way is known from {answer['from']} to {answer['to']}.")
    else:
        out.print(f"[bold]{answer['from']}[/]")
        for hop in answer["hops"]:
            ports = " → ".join(p for p in (hop["port"], hop["to_port"]) if p)
            out.print(f"  ↓ {ports + '  ' if ports else ''}[dim]({hop['source']})[/]")
            out.print(f"{hop['to']}")
        if answer["only_through"]:
            out.print(f"\nEvery way leads through {named(answer['only_through'], _MOST_NAMED)}.")
        elif answer["ways"] is not None:
            out.print(f"\n{answer['ways']} ways share no node between.")
    for key, text in (("depends", "depends on"), ("depended_on", "is depended on by")):
        chain = answer[key]
        if chain:
            out.print(f"\n{answer['from']} {text} {answer['to']}:")
            for link in chain:
                out.print(f"  {link['client']} uses {link['service']} of {link['server']}")
    if not answer["depends"] and not answer["depended_on"]:
        out.print("\nNeither depends on the other through services that were seen in use.")
    _notes(out, answer)


def _on_paths(answer: Answer) -> str:
    said = "as it reports itself" if answer["on_paths_from"] == "flow reports" else "by the links"
    share = f"on {percent(answer['on_paths'])} of the paths {said}"
    return f"{share}, with {percent(answer['on_bytes'])} of the bytes"


def _services(out: Console, services: list[Answer]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "of", "clients", "bytes"):
        right = heading in {"clients", "bytes"}
        table.add_column(heading, justify="right" if right else "left")
    for service in services[:_MOST]:
        table.add_row(
            f"  {service['service']}",
            service["server"],
            f"{service['clients']:,}",
            amount(service["bytes"]),
        )
    out.print(table)
    if len(services) > _MOST:
        out.print(f"  ({len(services) - _MOST:,} more; --json prints them all)")


def _notes(out: Console, answer: Answer) -> None:
    if answer["notes"]:
        out.print()
    for note in answer["notes"]:
        out.print(f"[dim]{note}[/]")
