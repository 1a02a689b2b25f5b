"""The interfaces at the ends of bonds: a small square each, and its name where there is room."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable
from html import escape
from typing import Final

from sensorium.topology.drawing.layout import HALF_LETTER, NAME_BELOW, Placed
from sensorium.topology.drawing.pixels import px
from sensorium.topology.drawing.scene import Bond, Mark

_SIDE: Final = 5.0
_LINE: Final = 9.0
_LETTER: Final = 4.6
_BELOW: Final = 0.6

Stretch = tuple[complex, complex]
"""Where a name begins and ends."""


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
    said = [_hub_name(one) for one in at.values()]
    # Where the names of two hubs' ports would cross, the larger has its say.
    hubs = sorted(around, key=lambda key: (-at[key].cluster.hub.size, key))
    return "\n".join(_of_hub(at[key], around[key], said) for key in hubs if around[key])


def _of_hub(one: Placed, found: list[tuple[float, float, Mark]], said: list[Stretch]) -> str:
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
        long, start = _LETTER * len(mark.name), away + _SIDE + 2.0
        if not apart or long + 2 * _SIDE > room:
            continue
        way, hub = cmath.rect(1.0, turn), complex(one.x, one.y)
        stretch = hub + start * way, hub + (start + long) * way
        if all(_gap(stretch, other) >= _LINE for other in said):
            said.append(stretch)
            lines.append(_name(one, turn, start, mark.name))
    return "\n".join(lines)


def _hub_name(one: Placed) -> Stretch:
    hub = one.cluster.hub
    middle = complex(one.x, one.y + hub.size + NAME_BELOW - _SIDE)
    half = HALF_LETTER * len(hub.name)
    return middle - half, middle + half


def _gap(one: Stretch, other: Stretch) -> float:
    """How near two names come to each other, in pixels; 0 where they cross."""
    reach = (abs(one[1] - one[0]) + abs(other[1] - other[0])) / 2
    between = abs(sum(one) - sum(other)) / 2
    if between >= reach + _LINE:
        return between - reach
    if _parts(one, other) and _parts(other, one):
        return 0.0
    ends = [(end, other) for end in one] + [(end, one) for end in other]
    return min(_away(end, stretch) for end, stretch in ends)


def _parts(line: Stretch, other: Stretch) -> bool:
    """Whether the ends of one stretch lie on both sides of the line of the other."""
    along = line[1] - line[0]
    sides = [(along.conjugate() * (end - line[0])).imag for end in other]
    return sides[0] * sides[1] < 0


def _away(point: complex, stretch: Stretch) -> float:
    along = stretch[1] - stretch[0]
    share = (along.conjugate() * (point - stretch[0])).real / max(abs(along) ** 2, 1e-9)
    return abs(point - stretch[0] - min(max(share, 0.0), 1.0) * along)


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
