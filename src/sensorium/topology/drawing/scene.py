"""What is drawn: clusters of a device with what hangs on it alone, and the links between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sensorium.topology.words import percent

FOLD_ABOVE = 160
"""More leaves than so many on one device cannot be told apart around it."""
_LONGEST = 18
_HEAD = 6


@dataclass(frozen=True, slots=True)
class Dot:
    """One node of the picture; ``size`` is a radius in pixels."""

    key: str
    name: str
    role: str
    size: float
    title: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A node with its leaves, in the order in which they stand around it."""

    hub: Dot
    leaves: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a bond leaves a hub: its interfaces there. ``name`` is empty where none is known."""

    key: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Bond:
    """All links between two hubs; ``share`` of the paths run over them at most.

    ``mark`` and ``other_mark`` are the interfaces at its two ends.
    """

    one: str
    other: str
    share: float
    only_way: bool
    title: str
    mark: Mark
    other_mark: Mark


@dataclass(frozen=True, slots=True)
class Scene:
    """Clusters by site and then by key, bonds between their hubs, and what sites are to say."""

    clusters: tuple[Cluster, ...]
    bonds: tuple[Bond, ...]
    folded: int
    sites: dict[str, str]


def scene_of(answer: dict[str, Any], most: int) -> Scene:
    """Make a scene of :meth:`Topology.show`'s answer with ``most`` nodes drawn one by one.

    Leaves beyond that, the least critical, are folded into one dot per device, and so are those
    that one device has too many of.
    """
    nodes = {node["key"]: node for node in answer["nodes"]}
    near: dict[str, set[str]] = {key: set() for key in nodes}
    for link in answer["links"]:
        near[link["one"]].add(link["other"])
        near[link["other"]].add(link["one"])
    hubs = {key for key in nodes if _is_hub(key, near)}
    leaves: dict[str, list[str]] = {key: [] for key in hubs}
    for key in nodes:
        if key not in hubs:
            leaves[next(iter(near[key]))].append(key)
    rank = {node["key"]: place for place, node in enumerate(answer["nodes"])}
    room = max(most - len(hubs), 0)
    kept = set(sorted((k for k in nodes if k not in hubs), key=lambda k: rank[k])[:room])
    folded = 0
    clusters = []
    # Those of a site next to each other, so that they stand next to each other.
    for key in sorted(hubs, key=lambda k: (nodes[k]["site"], k)):
        mine = sorted(leaves[key], key=lambda k: rank[k])
        shown = [k for k in mine if k in kept][:FOLD_ABOVE]
        if len(mine) - len(shown) == 1:
            shown = mine  # a dot for one more would take as much room
        more = len(mine) - len(shown)
        folded += more
        dots = [_dot(nodes[k], leaf=True) for k in sorted(shown, key=lambda k: _order(nodes[k]))]
        if more:
            dots.append(Dot(f"{key}+", f"+{more} more", "folded", 4.0, f"{more} more nodes"))
        clusters.append(Cluster(_dot(nodes[key], leaf=False), tuple(dots)))
    sites = {site["name"]: _site_title(site) for site in answer.get("sites", ())}
    return Scene(tuple(clusters), _bonds(answer, nodes, hubs), folded, sites)


def _bonds(
    answer: dict[str, Any], nodes: dict[str, dict[str, Any]], hubs: set[str]
) -> tuple[Bond, ...]:
    """One bond for all links between two hubs."""
    ports = {one["key"]: one for one in answer.get("interfaces", ())}
    between: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for link in answer["links"]:
        if link["one"] in hubs and link["other"] in hubs:
            between.setdefault((link["one"], link["other"]), []).append(link)
    return tuple(
        Bond(
            one,
            other,
            min(_share(nodes[one]), _share(nodes[other])),
            any(link["only_way"] for link in links),
            "\n".join(_bond_title(link, nodes) for link in links),
            _mark(nodes[one], [link["port"] for link in links], ports),
            _mark(nodes[other], [link["other_port"] for link in links], ports),
        )
        for (one, other), links in between.items()
    )


def _mark(node: dict[str, Any], names: list[str], ports: dict[str, dict[str, Any]]) -> Mark:
    """The interfaces of a node at which a bond ends."""
    names = sorted({name for name in names if name}, key=_by_number)
    text = names[0] if len(names) == 1 else f"{len(names)} ports" if names else ""
    told = []
    for name in names:
        known = ports.get(f"{node['key']}#{name}")
        said = f"interface {name} of {short(node['label'])}"
        if known:
            said += (
                f": on {percent(known['on_paths'])} of paths; {percent(known['lost_share'])} of "
            )
            said += "client-service pairs are lost with it"
        told.append(said)
    key = f"{node['key']}#{names[0]}" if names else ""
    return Mark(key, short(text), "\n".join(told))


def _site_title(site: dict[str, Any]) -> str:
    return (
        f"site {site['name']}: {len(site['nodes']):,} nodes; {percent(site['lost_share'])} of "
        f"client-service pairs are lost where it is cut off"
    )


def unaddressed(label: str) -> str:
    """A label without its address."""
    return label.partition(" (")[0]


def short(label: str) -> str:
    """A label without its address, cut where it is long.

    A domain is cut at its end, else the middle goes: what tells devices and ports apart ends them.
    """
    name = unaddressed(label)
    if len(name) <= _LONGEST:
        return name
    own, _, domain = name.partition(".")
    if len(own) < _LONGEST:
        return name[: _LONGEST - 1] + "…"
    # What follows the point of ``Port-channel12.100`` is no domain.
    if domain[:1].isalpha():
        name = own
    if len(name) <= _LONGEST:
        return name
    return name[:_HEAD] + "…" + name[_HEAD + 1 - _LONGEST :]


def _is_hub(key: str, near: dict[str, set[str]]) -> bool:
    """Whether a node has leaves of its own or stands between others; of a lone pair, one has."""
    mine = near[key]
    if len(mine) != 1:
        return True
    other = next(iter(mine))
    return near[other] == {key} and key < other


def _share(node: dict[str, Any]) -> float:
    return max(float(node["on_paths"]), float(node["lost_share"]))


def _order(node: dict[str, Any]) -> tuple[str, str, list[Any]]:
    """Leaves stand by site, then by role and by name, numbers within names by their value."""
    return (node["site"], node["role"], _by_number(node["label"]))


def _by_number(text: str) -> list[Any]:
    parts: list[Any] = []
    number = ""
    for letter in text + " ":
        if letter.isdigit():
            number += letter
        else:
            if number:
                parts.append((0, int(number), ""))
                number = ""
            parts.append((1, 0, letter))
    return parts


def _dot(node: dict[str, Any], *, leaf: bool) -> Dot:
    share = float(node["lost_share"])
    size = 3.5 + 4.0 * share**0.5 if leaf else 9.0 + 11.0 * share**0.5
    title = f"{node['label']}: {node['role']}"
    if node["site"]:
        title += f", {node['site']}"
    if node["on_paths"]:
        title += f"; on {100 * node['on_paths']:.0f} % of paths"
    title += f"; {100 * share:.0f} % of client-service pairs are lost with it"
    return Dot(node["key"], short(node["label"]), node["role"], size, title, node["site"])


def _bond_title(link: dict[str, Any], nodes: dict[str, Any]) -> str:
    ends = []
    for key, port in ((link["one"], link["port"]), (link["other"], link["other_port"])):
        ends.append(short(nodes[key]["label"]) + (f" {port}" if port else ""))
    alone = "; there is no other way" if link["only_way"] else ""
    return f"{ends[0]} – {ends[1]} ({link['source']}){alone}"
