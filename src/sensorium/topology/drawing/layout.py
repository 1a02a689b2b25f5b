"""Where everything stands.

Hubs are laid out as a tree around the core, each with as much of the circle as what hangs on it
needs. Where the network is rather a mesh, stress majorization (Gansner, Koren and North, "Graph
drawing by stress majorization", 2004) begins with that and may do better: it is taken where links
then cross less than half as much. Nothing is drawn by lot, and each step moves little where little
changed: so does the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sensorium.topology.drawing.scene import Cluster, Scene

Points = npt.NDArray[np.float64]

_GAP = 26.0
_LEAF_STEP = 13.5
_LETTER = 6.1
HALF_LETTER = 3.7
"""Half the width of a letter of a hub's name, which is written around its middle."""
NAME_BELOW = 13.0
"""From the edge of a hub down to the line that its name stands on."""
_BESIDE = 8.0
_STEPS, _APART_STEPS = 60, 150


@dataclass(frozen=True, slots=True)
class Placed:
    """A hub's place, and the angle of each of its leaves; ``ring`` is their distance from it."""

    cluster: Cluster
    x: float
    y: float
    ring: float
    angles: tuple[float, ...]


def layout(scene: Scene) -> list[Placed]:
    """Place every cluster of a scene, in its order."""
    clusters = scene.clusters
    if not clusters:
        return []
    row = {cluster.hub.key: place for place, cluster in enumerate(clusters)}
    near: list[list[int]] = [[] for _ in clusters]
    for bond in scene.bonds:
        near[row[bond.one]].append(row[bond.other])
        near[row[bond.other]].append(row[bond.one])
    near = [sorted(set(others)) for others in near]
    radius = np.array([reach(cluster) for cluster in clusters])
    points = _apart(_tree(clusters, near, radius), radius)
    if len(clusters) > 3:
        other = _apart(_relaxed(points, near, radius), radius)
        if 2 * _tangle(other, near, radius) < _tangle(points, near, radius):
            points = other
    placed = []
    for place, cluster in enumerate(clusters):
        x, y = points[place]
        towards = [math.atan2(points[o][1] - y, points[o][0] - x) for o in near[place]]
        angles = _angles(len(cluster.leaves), towards)
        placed.append(Placed(cluster, float(x), float(y), ring(cluster), angles))
    return placed


def ring(cluster: Cluster) -> float:
    """How far from a hub its leaves stand: names do not touch, and the hub's own is within."""
    if not cluster.leaves:
        return 0.0
    hub = cluster.hub
    name = math.hypot(HALF_LETTER * len(hub.name) + _BESIDE, hub.size + NAME_BELOW)
    around = _LEAF_STEP * (len(cluster.leaves) + 4) / (2 * math.pi)
    return max(34.0 + hub.size, around, name)


def reach(cluster: Cluster) -> float:
    """The radius of the disc that a cluster takes, names included."""
    if not cluster.leaves:
        return cluster.hub.size + 22.0
    return ring(cluster) + 12.0 + _LETTER * max(len(leaf.name) for leaf in cluster.leaves)


def _tree(clusters: tuple[Cluster, ...], near: list[list[int]], radius: Points) -> Points:
    """A radial tree: whoever has more below it has more of the circle."""
    points = np.zeros((len(clusters), 2))
    left = set(range(len(clusters)))
    shift = 0.0
    while left:
        # Several roots where there are several parts, beside each other, the largest first.
        root = min(left, key=lambda k: (-clusters[k].hub.size, -radius[k], clusters[k].hub.key))
        middle = _middle(root, clusters, near)
        children, order = _spanning(middle, near)
        need: dict[int, float] = {}
        for node in reversed(order):
            below = sum(need[child] for child in children[node])
            need[node] = max(2 * radius[node] + _GAP, below)
        block = _circle(middle, children, order, need, radius)
        low = min(block[node][0] - radius[node] for node in order)
        for node in order:
            points[node] = (block[node][0] + shift - low, block[node][1])
        shift = max(points[node][0] + radius[node] for node in order) + 2 * _GAP
        left -= set(order)
    return points


def _middle(root: int, clusters: tuple[Cluster, ...], near: list[list[int]]) -> list[int]:
    """The root, and those next to it that have no leaves and share its neighbours: its twins."""
    mine = set(near[root])
    twins = [
        node
        for node in near[root]
        if not clusters[node].leaves and 2 * len(mine & set(near[node])) >= max(len(mine) - 1, 2)
    ]
    return [root, *twins]


def _circle(
    middle: list[int],
    children: dict[int, list[int]],
    order: list[int],
    need: dict[int, float],
    radius: Points,
) -> dict[int, tuple[float, float]]:
    """Places of a tree: those in the middle on a small ring, the others further and further out."""
    inner = sum(2 * radius[node] + _GAP for node in middle) / (2 * math.pi)
    inner = 0.0 if len(middle) == 1 else max(inner, float(radius[middle].max()) + _GAP / 2)
    found, far, angle = {}, {}, {}
    start = -math.pi
    # Each of the middle has as much of the circle as what is below it needs.
    whole = sum(sum(need[c] for c in children[node]) + 1.0 for node in middle)
    for place, node in enumerate(middle):
        width = 2 * math.pi * (sum(need[c] for c in children[node]) + 1.0) / whole
        angle[node], far[node] = (start, start + width), inner
        start += width
        turn = 2 * math.pi * place / len(middle) + math.pi / 2
        found[node] = (inner * math.cos(turn), inner * math.sin(turn))
    for node in order:
        start, span = angle[node][0], angle[node][1] - angle[node][0]
        below = sum(need[child] for child in children[node]) or 1.0
        for child in children[node]:
            width = span * need[child] / below
            angle[child] = (start, start + width)
            start += width
            along = far[node] + radius[node] + radius[child] + _GAP
            ringed = need[child] / max(min(width, math.pi), 0.05)
            far[child] = max(along, ringed)
            turn = sum(angle[child]) / 2
            found[child] = (far[child] * math.cos(turn), far[child] * math.sin(turn))
    return found


def _spanning(middle: list[int], near: list[list[int]]) -> tuple[dict[int, list[int]], list[int]]:
    """The tree of a search from those in the middle, and the order in which it met the nodes."""
    children: dict[int, list[int]] = {node: [] for node in middle}
    order = list(middle)
    for node in order:
        for other in near[node]:
            if other not in children:
                children[node].append(other)
                children[other] = []
                order.append(other)
    return children, order


def _relaxed(points: Points, near: list[list[int]], radius: Points) -> Points:
    """Majorize stress, with ideal distances along links that let discs stand side by side."""
    wanted = _distances(near, radius)
    known = np.isfinite(wanted) & (wanted > 0)
    weight = np.where(known, 1.0 / np.where(known, wanted, 1.0) ** 2, 0.0)
    laplacian = np.diag(weight.sum(1)) - weight
    # Each part keeps its own middle: without that only differences would be known.
    inverse = np.linalg.pinv(laplacian)
    part = np.isfinite(wanted)
    middle = (part @ points) / part.sum(1, keepdims=True)
    points = points - middle
    for _ in range(_STEPS):
        apart = points[:, None] - points[None]
        length = np.maximum(np.sqrt((apart**2).sum(2)), 1e-9)
        pull = np.where(known, weight * np.where(known, wanted, 0.0) / length, 0.0)
        push = np.diag(pull.sum(1)) - pull
        points = inverse @ (push @ points)
    found: Points = points + middle
    return found


def _distances(near: list[list[int]], radius: Points) -> Points:
    count = len(near)
    found = np.full((count, count), np.inf)
    np.fill_diagonal(found, 0.0)
    for node, others in enumerate(near):
        for other in others:
            found[node, other] = radius[node] + radius[other] + _GAP
    for through in range(count):
        np.minimum(found, found[:, through, None] + found[None, through], out=found)
    return found


def _apart(points: Points, radius: Points) -> Points:
    """Push discs that overlap away from each other."""
    points = points.copy()
    need = radius[:, None] + radius[None] + _GAP / 2
    np.fill_diagonal(need, 0.0)
    for _ in range(_APART_STEPS):
        apart = points[:, None] - points[None]
        length = np.sqrt((apart**2).sum(2))
        over = np.maximum(need - length, 0.0)
        if over.max(initial=0.0) < 0.5:
            break
        way = apart / np.maximum(length, 1e-6)[:, :, None]
        points += (way * (over / 4)[:, :, None]).sum(1)
    return points


def _tangle(points: Points, near: list[list[int]], radius: Points) -> float:
    """How often links cross each other, and how deep they cross discs that are not their ends."""
    ends = np.array([(a, b) for a, others in enumerate(near) for b in others if a < b], np.int64)
    if not len(ends):
        return 0.0
    start, stop = points[ends[:, 0]], points[ends[:, 1]]
    along = stop - start
    reach = np.maximum((along**2).sum(1), 1e-9)[:, None]
    share = np.clip(((points[None] - start[:, None]) * along[:, None]).sum(2) / reach, 0.0, 1.0)
    away = points[None] - (start[:, None] + share[:, :, None] * along[:, None])
    depth = np.maximum(1.0 - np.sqrt((away**2).sum(2)) / radius[None], 0.0)
    depth[np.arange(len(ends)), ends[:, 0]] = depth[np.arange(len(ends)), ends[:, 1]] = 0.0

    def side(a: Points, b: Points, c: Points) -> Points:
        turn: Points = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1])
        return turn - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])

    one, two = start[:, None], stop[:, None]
    three, four = start[None], stop[None]
    cross = (side(one, two, three) * side(one, two, four) < -1e-6) & (
        side(three, four, one) * side(three, four, two) < -1e-6
    )
    return float(cross.sum()) / 2 + 4 * float(depth.sum())


def _angles(count: int, towards: list[float]) -> tuple[float, ...]:
    """Even angles for leaves, from the top on, that leave room where links go."""
    if not count:
        return ()
    full = 2 * math.pi
    half = min(0.17, 0.5 * full / (count + 4 * max(len(towards), 1)))
    # Counted from just before the top, so that the first leaf stands there.
    top = -math.pi / 2
    free, at = [], 0.0
    for middle in sorted((t - top) % full for t in towards):
        if middle - half > at:
            free.append((at, middle - half))
        at = max(at, middle + half)
    if at < full:
        free.append((at, full))
    free = free or [(0.0, full)]
    total = sum(end - start for start, end in free)
    angles = []
    for k in range(count):
        along = total * (k + 0.5) / count
        for start, end in free:
            if along <= end - start or (start, end) == free[-1]:
                angles.append(top + start + along)
                break
            along -= end - start
    return tuple(angles)
