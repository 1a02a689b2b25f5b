"""A scene with places as an SVG document, without a library."""

from __future__ import annotations

import math
from html import escape
from typing import Any, Final

from sensorium.topology.drawing.layout import Placed, layout
from sensorium.topology.drawing.scene import Dot, scene_of
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
_STYLE: Final = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #22303f }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round }
.hub { font-size: 12px; font-weight: 600; text-anchor: middle }
.site { font-size: 10px; fill: #66748a; text-anchor: middle }
.leaf { font-size: 10px }
.twig { stroke: #ccd3dc; stroke-width: 1 }
"""


def picture(answer: dict[str, Any], most: int = 300) -> str:
    """:meth:`Topology.show`'s answer as an SVG document, with ``most`` nodes drawn one by one."""
    scene = scene_of(answer, most)
    placed = layout(scene)
    left, top, width, height = _extent(placed)
    at = {one.cluster.hub.key: one for one in placed}
    body = [_disc(one) for one in placed]
    body += [
        _bond(at[bond.one], at[bond.other], bond.share, bond.title, only_way=bond.only_way)
        for bond in sorted(scene.bonds, key=lambda b: (b.share, b.one, b.other))
    ]
    body += [_leaves(one) for one in placed]
    body += [_hub(one) for one in placed]
    width = max(width, 600.0)
    folded = f", {scene.folded:,} of them folded" if scene.folded else ""
    facts = (
        f"{len(answer['nodes']):,} nodes{folded}; {answer['pairs']:,} client-service pairs "
        f"from {answer['since']} to {answer['until']} UTC"
    )
    legend, legend_height = _legend(answer, width)
    page_height = _HEAD + height + legend_height
    lead = _lead(answer)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(page_height)}" '
        f'width="{_n(width)}" height="{_n(page_height)}">',
        f"<title>{escape(lead)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{_n(_MARGIN)}" y="28" font-size="16" font-weight="600">{escape(lead)}</text>',
        f'<text x="{_n(_MARGIN)}" y="46" font-size="11" fill="#66748a">{escape(facts)}</text>',
        f'<g transform="translate({_n(_middle(width, left, placed))} {_n(_HEAD - top)})">',
        *filter(None, body),
        "</g>",
        f'<g transform="translate(0 {_n(page_height - legend_height)})">',
        legend,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def colour(role: str) -> str:
    """The colour of a role."""
    return next((found for word, found, _ in _COLOURS if word in role), _OTHER)


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return "0" if text in {"-0.0", "0.0"} else text.removesuffix(".0")


def _extent(placed: list[Placed]) -> tuple[float, float, float, float]:
    """Left, top, width and height of all that is drawn, with a margin."""
    xs, ys = [0.0], [0.0]
    for one in placed:
        hub = one.cluster.hub
        side = max(hub.size, 3.7 * len(hub.name))
        xs += [one.x - side, one.x + side]
        ys += [one.y - hub.size - 6, one.y + hub.size + 30]
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
        f'<circle cx="{_n(one.x)}" cy="{_n(one.y)}" r="{_n(one.ring + 7)}" fill="{tint}" '
        'fill-opacity="0.05"/>'
    )


def _bond(one: Placed, other: Placed, share: float, title: str, *, only_way: bool) -> str:
    colour_of = "#d1495b" if only_way else "#5b7a9d"
    return (
        f'<line x1="{_n(one.x)}" y1="{_n(one.y)}" x2="{_n(other.x)}" y2="{_n(other.y)}" '
        f'stroke="{colour_of}" stroke-width="{_n(1.5 + 5 * share)}" stroke-opacity="0.75">'
        f"<title>{escape(title)}</title></line>"
    )


def _leaves(one: Placed) -> str:
    lines = []
    for leaf, angle in zip(one.cluster.leaves, one.angles, strict=True):
        across, down = math.cos(angle), math.sin(angle)
        start = one.cluster.hub.size
        x, y = one.x + one.ring * across, one.y + one.ring * down
        lines.append(
            f'<line class="twig" x1="{_n(one.x + start * across)}" '
            f'y1="{_n(one.y + start * down)}" x2="{_n(x)}" y2="{_n(y)}"/>'
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
        f'<text class="leaf" transform="translate({_n(x)} {_n(y)}) '
        f'rotate({_n(turn - 180 if flipped else turn)})" x="{_n(-away if flipped else away)}" '
        f'y="3.5" text-anchor="{anchor}">{escape(leaf.name)}</text>'
    )


def _circle(dot: Dot, x: float, y: float) -> str:
    return (
        f'<circle data-key="{escape(dot.key)}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(dot.size)}" '
        f'fill="{colour(dot.role)}" stroke="#ffffff"><title>{escape(dot.title)}</title></circle>'
    )


def _hub(one: Placed) -> str:
    hub = one.cluster.hub
    below = one.y + hub.size + 13
    lines = [
        _circle(hub, one.x, one.y),
        f'<text class="hub halo" x="{_n(one.x)}" y="{_n(below)}">{escape(hub.name)}</text>',
    ]
    if one.cluster.site:
        lines.append(
            f'<text class="site halo" x="{_n(one.x)}" y="{_n(below + 12)}">'
            f"{escape(one.cluster.site)}</text>"
        )
    return "\n".join(lines)


def _legend(answer: dict[str, Any], width: float) -> tuple[str, float]:
    """What colours mean, in as many rows as it takes, and how high that is."""
    roles = {node["role"] for node in answer["nodes"]}
    used = [(name, found) for word, found, name in _COLOURS if any(word in r for r in roles)]
    lines, x, y = [], _MARGIN, 14.0
    for name, found in [*used, ("no other way", "")]:
        wide = 30 + 6.6 * len(name)
        if x + wide > width - _MARGIN and x > _MARGIN:
            x, y = _MARGIN, y + 18
        mark = (
            f'<circle cx="{_n(x + 5)}" cy="{_n(y - 4)}" r="5" fill="{found}"/>'
            if found
            else f'<line x1="{_n(x)}" y1="{_n(y - 4)}" x2="{_n(x + 14)}" y2="{_n(y - 4)}" '
            'stroke="#d1495b" stroke-width="4"/>'
        )
        lines.append(
            f'{mark}<text x="{_n(x + 18)}" y="{_n(y)}" font-size="11">{escape(name)}</text>'
        )
        x += wide
    return "\n".join(lines), y + 16


def _lead(answer: dict[str, Any]) -> str:
    """What the picture says in a sentence: who is on most of the paths."""
    carrying = [node for node in answer["nodes"] if node["on_paths"]]
    if not carrying:
        return "Who is connected to whom"
    top = max(carrying, key=lambda node: (node["on_paths"], node["lost_share"]))
    return f"{top['label']} is on {percent(top['on_paths'])} of paths"
