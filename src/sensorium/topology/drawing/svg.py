"""A scene with places as an SVG document, without a library."""

from __future__ import annotations

import math
from html import escape
from typing import Any, Final

from sensorium.topology.drawing.layout import HALF_LETTER, NAME_BELOW, Placed, layout, reach
from sensorium.topology.drawing.marks import marks
from sensorium.topology.drawing.pixels import px
from sensorium.topology.drawing.regions import Tints, arcs, labels, regions, tints_of
from sensorium.topology.drawing.scene import Dot, scene_of, short, unaddressed
from sensorium.topology.words import percent

_COLOURS: Final = (
    # A word of the role, its colour, and what the legend calls it.
    ("outside", "#8a93a3", "outside"),
    ("core", "#1d3557", "core"),
    ("border", "#b5179e", "border"),
    ("distribution", "#2f6690", "distribution"),
    ("access", "#5189bd", "access"),
    ("watcher", "#c77d0a", "watches others"),
    ("middle tier", "#6a4c93", "serves and asks"),
    ("server", "#2a9d8f", "server"),
    ("client", "#7fb7d6", "client"),
)
_OTHER: Final = "#a0a8b4"
_MARGIN: Final = 24.0
_HEAD = 58.0
_LEAD_LETTER: Final = 10.0
"""The width of a letter of the first line, at most."""
_STYLE: Final = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #22303f }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round }
.hub { font-size: 12px; font-weight: 600; text-anchor: middle }
.site { font-size: 12px; text-anchor: middle }
.port { font-size: 8px; fill: #4a5a70 }
.leaf { font-size: 10px }
.twig { stroke: #ccd3dc; stroke-width: 1 }
"""


def picture(answer: dict[str, Any], most: int = 300) -> str:
    """:meth:`Topology.show`'s answer as an SVG document, with ``most`` nodes drawn one by one."""
    scene = scene_of(answer, most)
    placed = layout(scene)
    left, top, width, height = _extent(placed)
    at = {one.cluster.hub.key: one for one in placed}
    tints = tints_of(placed)
    body = [regions(placed, scene.bonds, scene.sites, tints)]
    body += [_disc(one) for one in placed]
    body += [
        _bond(at[bond.one], at[bond.other], bond.share, bond.title, only_way=bond.only_way)
        for bond in sorted(scene.bonds, key=lambda b: (b.share, b.one, b.other))
    ]
    body += [arcs(one, tints) for one in placed]
    body += [_leaves(one) for one in placed]
    body += [marks(placed, scene.bonds)]
    body += [_hub(one) for one in placed]
    body += [labels(placed, tints)]
    width = max(width, 600.0)
    folded = f", {scene.folded:,} of them folded" if scene.folded else ""
    facts = (
        f"{len(answer['nodes']):,} nodes{folded}; {answer['pairs']:,} client-service pairs "
        f"from {answer['since']} to {answer['until']} UTC"
    )
    red = any(bond.only_way for bond in scene.bonds)
    legend, legend_height = _legend(answer, width, tints, red=red)
    page_height = _HEAD + height + legend_height
    lead, said = _lead(answer, (width - 2 * _MARGIN) / _LEAD_LETTER)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {px(width)} {px(page_height)}" '
        f'width="{px(width)}" height="{px(page_height)}">',
        f"<title>{escape(lead)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{px(_MARGIN)}" y="28" font-size="16" font-weight="600">{escape(said)}</text>',
        f'<text x="{px(_MARGIN)}" y="46" font-size="11" fill="#66748a">{escape(facts)}</text>',
        f'<g transform="translate({px(_middle(width, left, placed))} {px(_HEAD - top)})">',
        *filter(None, body),
        "</g>",
        f'<g transform="translate(0 {px(page_height - legend_height)})">',
        legend,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def colour(role: str) -> str:
    """The colour of a role."""
    return next((found for word, found, _ in _COLOURS if word in role), _OTHER)


def _extent(placed: list[Placed]) -> tuple[float, float, float, float]:
    """Left, top, width and height of all that is drawn, with a margin."""
    xs, ys = [0.0], [0.0]
    for one in placed:
        hub = one.cluster.hub
        side = max(hub.size, HALF_LETTER * len(hub.name), HALF_LETTER * len(hub.site))
        xs += [one.x - side, one.x + side]
        ys += [one.y - hub.size - 6, one.y + hub.size + 18]
        if hub.site:
            ys.append(one.y - reach(one.cluster) - 14)
        for leaf, angle in zip(one.cluster.leaves, one.angles, strict=True):
            far = one.ring + leaf.size + 6 + 6.1 * len(leaf.name)
            xs.append(one.x + far * math.cos(angle))
            ys += [one.y + far * math.sin(angle) - 6, one.y + far * math.sin(angle) + 6]
    if placed:
        xs, ys = xs[1:], ys[1:]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN / 2
    return left, top, max(xs) - left + _MARGIN, max(ys) - top + _MARGIN / 2


def _middle(width: float, left: float, placed: list[Placed]) -> float:
    drawn = _extent(placed)[2]
    return (width - drawn) / 2 - left


def _disc(one: Placed) -> str:
    if not one.cluster.leaves:
        return ""
    tint = colour(one.cluster.hub.role)
    return (
        f'<circle cx="{px(one.x)}" cy="{px(one.y)}" r="{px(one.ring + 7)}" fill="{tint}" '
        'fill-opacity="0.05"/>'
    )


def _bond(one: Placed, other: Placed, share: float, title: str, *, only_way: bool) -> str:
    colour_of = "#d1495b" if only_way else "#5b7a9d"
    return (
        f'<line x1="{px(one.x)}" y1="{px(one.y)}" x2="{px(other.x)}" y2="{px(other.y)}" '
        f'stroke="{colour_of}" stroke-width="{px(1.5 + 5 * share)}" stroke-opacity="0.75">'
        f"<title>{escape(title)}</title></line>"
    )


def _leaves(one: Placed) -> str:
    lines = []
    for leaf, angle in zip(one.cluster.leaves, one.angles, strict=True):
        across, down = math.cos(angle), math.sin(angle)
        start = one.cluster.hub.size
        x, y = one.x + one.ring * across, one.y + one.ring * down
        lines.append(
            f'<line class="twig" x1="{px(one.x + start * across)}" '
            f'y1="{px(one.y + start * down)}" x2="{px(x)}" y2="{px(y)}"/>'
        )
        lines.append(_circle(leaf, x, y))
        lines.append(_leaf_name(leaf, x, y, angle))
    return "\n".join(lines)


def _leaf_name(leaf: Dot, x: float, y: float, angle: float) -> str:
    """A name that reads outwards, and never upside down."""
    turn = math.degrees(angle) % 360
    away = leaf.size + 4
    flipped = 90 < turn < 270
    anchor = "end" if flipped else "start"
    return (
        f'<text class="leaf" transform="translate({px(x)} {px(y)}) '
        f'rotate({px(turn - 180 if flipped else turn)})" x="{px(-away if flipped else away)}" '
        f'y="3.5" text-anchor="{anchor}">{escape(leaf.name)}</text>'
    )


def _circle(dot: Dot, x: float, y: float) -> str:
    return (
        f'<circle data-key="{escape(dot.key)}" cx="{px(x)}" cy="{px(y)}" r="{px(dot.size)}" '
        f'fill="{colour(dot.role)}" stroke="#ffffff"><title>{escape(dot.title)}</title></circle>'
    )


def _hub(one: Placed) -> str:
    hub = one.cluster.hub
    below = one.y + hub.size + NAME_BELOW
    return (
        f"{_circle(hub, one.x, one.y)}\n"
        f'<text class="hub halo" x="{px(one.x)}" y="{px(below)}">{escape(hub.name)}</text>'
    )


def _legend(answer: dict[str, Any], width: float, tints: Tints, *, red: bool) -> tuple[str, float]:
    """What colours mean, in as many rows as it takes, and how high that is."""
    roles = {node["role"] for node in answer["nodes"]}
    entries = [
        (name, f'<circle cx="5" cy="-4" r="5" fill="{found}"/>')
        for word, found, name in _COLOURS
        if any(word in role for role in roles)
    ]
    line = '<line x1="0" y1="-4" x2="14" y2="-4" stroke="#d1495b" stroke-width="4"/>'
    if red:
        entries.append(("no other way", line))
    entries += [
        (
            name,
            f'<rect y="-9.5" width="11" height="11" rx="3" fill="{ground}" stroke="{strong}"/>',
        )
        for name, (ground, strong) in tints.items()
    ]
    lines, x, y = [], _MARGIN, 14.0
    for name, mark in entries:
        wide = 30 + 6.6 * len(name)
        if x + wide > width - _MARGIN and x > _MARGIN:
            x, y = _MARGIN, y + 18
        lines.append(
            f'<g transform="translate({px(x)} {px(y)})">{mark}'
            f'<text x="18" font-size="11">{escape(name)}</text></g>'
        )
        x += wide
    return "\n".join(lines), y + 16


def _lead(answer: dict[str, Any], letters: float) -> tuple[str, str]:
    """What the picture says in a sentence: who is on most of the paths; and as it fits a line."""
    carrying = [node for node in answer["nodes"] if node["on_paths"]]
    if not carrying:
        return ("Who is connected to whom",) * 2
    top = max(carrying, key=lambda node: (node["on_paths"], node["lost_share"]))
    names = (top["label"], unaddressed(top["label"]), short(top["label"]))
    said = [f"{name} is on {percent(top['on_paths'])} of paths" for name in names]
    return said[0], next((one for one in said if len(one) <= letters), said[-1])
