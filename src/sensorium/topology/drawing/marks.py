"""The interfaces at the ends of bonds: a small square each, and its name where there is room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import Final

from sensorium.topology.drawing.layout import Placed
from sensorium.topology.drawing.pixels import px
from sensorium.topology.drawing.scene import Bond, Mark

_SIDE: Final = 5.0
_LINE: Final = 9.0
_LETTER: Final = 4.6
_BELOW: Final = 0.6


def marks(placed: Iterable[Placed], bonds: Iterable[Bond]) -> str:
    """Every mark of a picture."""
    at = {one.cluster.hub.key: one for one in placed}
    around: dict[str, list[tuple[float, float, Mark]]] = {key: [] for key in at}
    for bond in bonds:
        one, other = at[bond.one], at[bond.other]
        turn = math.atan2(other.y - one.y, other.x - one.x)
        room = math.dist((one.x, one.y), (other.x, other.y))
        room = (room - one.cluster.hub.size - other.cluster.hub.size) / 2
        around[bond.one].append((turn, room, bond.mark))
        back = turn - math.pi if turn > 0 else turn + math.pi
        around[bond.other].append((back, room, bond.other_mark))
    return "\n".join(_of_hub(at[key], found) for key, found in sorted(around.items()) if found)


def _of_hub(one: Placed, found: list[tuple[float, float, Mark]]) -> str:
    found = sorted(((t, room, mark) for t, room, mark in found if mark.name), key=lambda f: f[0])
    away = one.cluster.hub.size + 4.0
    lines = []
    for place, (turn, room, mark) in enumerate(found):
        lines.append(_square(one, turn, away, mark))
        beside = min(
            (
                abs(math.remainder(turn - found[k][0], 2 * math.pi))
                for k in (place - 1, (place + 1) % len(found))
                if k % len(found) != place
            ),
            default=math.pi,
        )
        # Two names touch where the bonds that they stand along are nearly one, and below the hub
        # is the hub's own name.
        apart = beside * (away + _SIDE) >= _LINE and math.sin(turn) < _BELOW
        if apart and _LETTER * len(mark.name) + 2 * _SIDE <= room:
            lines.append(_name(one, turn, away + _SIDE + 2.0, mark.name))
    return "\n".join(lines)


def _square(one: Placed, turn: float, away: float, mark: Mark) -> str:
    x, y = one.x + away * math.cos(turn), one.y + away * math.sin(turn)
    return (
        f'<rect data-interface="{escape(mark.key)}" x="{px(x - _SIDE / 2)}" '
        f'y="{px(y - _SIDE / 2)}" width="{px(_SIDE)}" height="{px(_SIDE)}" '
        f'fill="#ffffff" stroke="#4a5a70"><title>{escape(mark.title)}</title></rect>'
    )


def _name(one: Placed, turn: float, away: float, name: str) -> str:
    """A name along its bond, beside the line, and never upside down."""
    x, y = one.x + away * math.cos(turn), one.y + away * math.sin(turn)
    degrees = math.degrees(turn) % 360
    flipped = 90 < degrees < 270
    return (
        f'<text class="port halo" transform="translate({px(x)} {px(y)}) '
        f'rotate({px(degrees - 180 if flipped else degrees)})" y="-2.5" '
        f'text-anchor="{"end" if flipped else "start"}">{escape(name)}</text>'
    )
