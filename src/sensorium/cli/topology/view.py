"""How the answers look in a terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from sensorium.topology.words import amount, named, percent

Answer = dict[str, Any]
_MOST = 30
_MOST_NAMED = 6


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 100, highlight=False)


def show(answer: Answer) -> None:
    """Every node, the most critical first."""
    out = _console()
    nodes, links = answer["nodes"], answer["links"]
    out.print(
        f"{len(nodes):,} nodes, {len(links):,} links, {answer['pairs']:,} client-service pairs and "
        f"{amount(answer['bytes'])}\nfrom {answer['since']} to {answer['until']} UTC\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
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
            heading, justify="right" if right else "left", no_wrap=heading in {"node", "role"}
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
    _notes(out, answer)


def impact(answer: Answer) -> None:
    """What is lost without one node."""
    out = _console()
    out.print(f"[bold]{answer['label']}[/]: {answer['role']}, {_on_paths(answer)}")
    if answer["carries"]:
        out.print(f"carries {named(answer['carries'], _MOST_NAMED)}")
    lost, whole = answer["lost"], answer["pairs"]
    out.print(
        f"\nIf it fails, {lost['pairs']:,} of {whole:,} client-service pairs are lost "
        f"({percent(lost['share'])}), with {percent(lost['bytes_share'])} of the bytes:"
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column()
    for key, text in (
        ("ends_there", "end there"),
        ("cut_off", "have no other way"),
        ("another_way", "run over it and have another way"),
    ):
        part = answer[key]
        table.add_row(f"  {part['pairs']:,}", text, f"{percent(part['bytes_share'])} of bytes")
    out.print(table)
    if answer["ways_left"] is not None:
        least = "at least " if answer["ways_left_is_least"] else ""
        ways = answer["ways_left"]
        out.print(f"  The worst of those would have {least}{ways} way{'s' * (ways != 1)} left.")
    if answer["services"]:
        out.print("\nServices that clients lose")
        _services(out, answer["services"])
    if answer["in_turn"]:
        hosts = [one["label"] for one in answer["in_turn"]]
        out.print(f"\nIn turn, {named(hosts, _MOST_NAMED)} depend on hosts that lose a service.")
    _notes(out, answer)


def path(answer: Answer) -> None:
    """The way between two nodes, and who depends on whom."""
    out = _console()
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
