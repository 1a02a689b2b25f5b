"""Sites: the ground that their devices stand on, and an arc along the hosts of another site."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Final

from sensorium.topology.drawing.layout import Placed, reach
from sensorium.topology.drawing.pixels import px
from sensorium.topology.drawing.scene import Bond

_TINTS: Final = (
    # Of the ground, and of words and arcs on white.
    ("#f6e8c3", "#8a6d1f"),
    ("#d9ead3", "#3f7a3a"),
    ("#e3d9ee", "#6b4a94"),
    ("#d3e7ee", "#24738c"),
    ("#f4d9d6", "#a2453b"),
    ("#e9e4d4", "#6f6440"),
    ("#dde3f3", "#44599b"),
    ("#f2dcea", "#96437a"),
)
_PATH: Final = 14.0

Tints = dict[str, tuple[str, str]]


def tints_of(placed: Iterable[Placed]) -> Tints:
    """The colours of each site that a node of the picture is at, in the order of their names."""
    names = {
        dot.site for one in placed for dot in (one.cluster.hub, *one.cluster.leaves) if dot.site
    }
    return {name: _TINTS[place % len(_TINTS)] for place, name in enumerate(sorted(names))}


def regions(
    placed: Sequence[Placed], bonds: Iterable[Bond], said: dict[str, str], tints: Tints
) -> str:
    """The ground of each site: a disc under each of its devices, joined where they are linked."""
    at = {one.cluster.hub.key: one for one in placed}
    paths = [
        (at[bond.one], at[bond.other])
        for bond in bonds
        if at[bond.one].cluster.hub.site == at[bond.other].cluster.hub.site
    ]
    lines = []
    for name, (ground, _) in tints.items():
        mine = [one for one in placed if one.cluster.hub.site == name]
        if not mine:
            continue
        lines.append(f'<g fill="{ground}" stroke="{ground}" fill-opacity="1">')
        lines.append(f"<title>{escape(said.get(name, f'site {name}'))}</title>")
        for one, other in paths:
            if one.cluster.hub.site == name:
                lines.append(
                    f'<line x1="{px(one.x)}" y1="{px(one.y)}" x2="{px(other.x)}" '
                    f'y2="{px(other.y)}" stroke-width="{px(_PATH)}"/>'
                )
        for one in mine:
            size = px(reach(one.cluster))
            lines.append(f'<circle cx="{px(one.x)}" cy="{px(one.y)}" r="{size}"/>')
        lines.append("</g>")
    return "\n".join(lines)


def labels(placed: Sequence[Placed], tints: Tints) -> str:
    """The name of each site, over the highest of its devices."""
    lines = []
    for name, (_, strong) in tints.items():
        mine = [one for one in placed if one.cluster.hub.site == name]
        if not mine:
            continue
        top = min(mine, key=lambda one: (one.y - reach(one.cluster), one.x))
        y = top.y - reach(top.cluster) - 3
        lines.append(
            f'<text class="site halo" x="{px(top.x)}" y="{px(y)}" style="fill:{strong}">'
            f"{escape(name)}</text>"
        )
    return "\n".join(lines)


def arcs(one: Placed, tints: Tints) -> str:
    """Along the leaves of a site that is not the hub's: an arc between the hub and them."""
    lines = []
    pairs = zip(one.cluster.leaves, one.angles, strict=True)
    for site, group in groupby(pairs, key=lambda pair: pair[0].site):
        if not site or site == one.cluster.hub.site:
            continue
        turns = [angle for _, angle in group]
        pad = 0.4 * math.tau / max(len(one.angles) + 4, 5)
        start, stop = turns[0] - pad, turns[-1] + pad
        size = one.ring - 9.0
        ends = [
            (one.x + size * math.cos(turn), one.y + size * math.sin(turn)) for turn in (start, stop)
        ]
        wide = int(stop - start > math.pi)
        lines.append(
            f'<path d="M {px(ends[0][0])} {px(ends[0][1])} A {px(size)} {px(size)} '
            f'0 {wide} 1 {px(ends[1][0])} {px(ends[1][1])}" fill="none" '
            f'stroke="{tints[site][1]}" stroke-width="3" stroke-opacity="0.7">'
            f"<title>{escape(f'site {site}')}</title></path>"
        )
    return "\n".join(lines)
