"""The shape of what a host did in a window, in words: scan, flood, fan-out, one-sided sending.

A shape is a description. It decides nothing: what is odd follows from the features, each against
the host's own past, and only what is odd already is described. So the bounds here say when a word
fits, not when something is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sensorium.detect.arrays import I64, U64, Bool
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups, how_many
from sensorium.detect.wording import number, ports

# Several: fewer hosts or ports than this are no scan and no fan-out.
_SEVERAL = 10
# A scan across is wide by this factor in one direction.
_ACROSS = 3
# Most: this share of conversations that failed, or of first contacts, or of what was sent to one.
_MOST, _NEARLY_ALL = 0.5, 0.9
_FLOOD = 100
_MUCH, _ONE_SIDED = 1_000_000, 10

_AS_SERVER = {"flows_as_server", "clients", "ports_asked", "failed_as_server"}
_VOLUMES = {"bytes_out", "bytes_in", "packets", "asymmetry"}


class ShapeKind(StrEnum):
    """What a host's conversations look like together."""

    VERTICAL_SCAN = "vertical scan"
    HORIZONTAL_SCAN = "horizontal scan"
    BLOCK_SCAN = "block scan"
    FLOOD = "flood"
    FLOODED = "flooded"
    ONE_SIDED = "one-sided sending"
    FAN_OUT = "fan-out"


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, and the words that tell of it."""

    kind: ShapeKind
    told: str


def shape_of(flows: FlowWindow, address: int, feature: str) -> Shape | None:
    """The most telling shape of a host's conversations on the side that a feature of it counts,
    None where no word fits. ``address`` indexes the window's addresses."""
    asked, answered = flows.of_client(address), flows.of_server(address)
    if feature in _AS_SERVER:
        return _flooded(flows, answered)
    if feature in _VOLUMES:
        return _one_sided(flows, asked, answered)
    return _scan(flows, asked) or _flood(flows, asked) or _fan_out(flows, asked)


def _scan(flows: FlowWindow, asked: I64) -> Shape | None:
    talks = flows.conversations
    failed = asked[talks.failed[asked]]
    if len(failed) < _SEVERAL or len(failed) < _MOST * len(asked):
        return None
    hosts, doors = how_many(talks.server[failed]), len(np.unique(_doors(flows, failed)))
    if hosts < _SEVERAL and doors < _SEVERAL:
        return None
    kind = ShapeKind.BLOCK_SCAN
    if doors >= _ACROSS * hosts:
        kind = ShapeKind.VERTICAL_SCAN
    elif hosts >= _ACROSS * doors:
        kind = ShapeKind.HORIZONTAL_SCAN
    share = f"{100 * len(failed) / len(asked):.0f} % of them in vain"
    where = f"{_several(doors, 'port')} on {_several(hosts, 'host')}"
    return Shape(kind, f"a {kind}: {where}, {share}")


def _flood(flows: FlowWindow, asked: I64) -> Shape | None:
    if len(asked) < _FLOOD:
        return None
    talks = flows.conversations
    row, share = _commonest(talks.service[asked])
    if share < _NEARLY_ALL:
        return None
    talk = asked[row]
    door = ports(int(talks.port[talk]), int(talks.proto[talk]))
    whom = f"{flows.addresses.text(int(talks.server[talk]))}:{door}"
    told = f"a flood: {number(share * len(asked))} conversations with {whom} alone"
    return Shape(ShapeKind.FLOOD, told)


def _flooded(flows: FlowWindow, answered: I64) -> Shape | None:
    if len(answered) < _FLOOD:
        return None
    talks = flows.conversations
    row, share = _commonest(talks.service[answered])
    vain = float(talks.failed[answered].mean())
    if share < _NEARLY_ALL or vain < _MOST:
        return None
    talk = answered[row]
    door = ports(int(talks.port[talk]), int(talks.proto[talk]))
    clients = _several(how_many(talks.client[answered]), "client")
    told = f"flooded at {door} by {clients}, {100 * vain:.0f} % of it left unanswered or refused"
    return Shape(ShapeKind.FLOODED, told)


def _one_sided(flows: FlowWindow, asked: I64, answered: I64) -> Shape | None:
    talks = flows.conversations
    other = np.concatenate([talks.server[asked], talks.client[answered]])
    sent = np.concatenate([talks.bytes_up[asked], talks.bytes_down[answered]])
    came = np.concatenate([talks.bytes_down[asked], talks.bytes_up[answered]])
    if not len(other) or sent.sum() < _MUCH:
        return None
    groups = Groups.of(other.astype(np.uint64))
    to_each, from_each = groups.reduce(np.add, sent), groups.reduce(np.add, came)
    most = int(np.lexsort((groups.keys, -to_each))[0])
    much, back = int(to_each[most]), int(from_each[most])
    if much < _MUCH or much < _MOST * sent.sum() or much < _ONE_SIDED * back:
        return None
    whom = flows.addresses.text(int(groups.keys[most]))
    came_back = f"{number(much / back)} times what came back" if back else "nothing came back"
    return Shape(ShapeKind.ONE_SIDED, f"one-sided: {number(much, 'B')} to {whom}, {came_back}")


def _fan_out(flows: FlowWindow, asked: I64) -> Shape | None:
    talks, edges = flows.conversations, flows.edges
    hosts = how_many(talks.server[asked])
    new: Bool = edges.new[edges.conversation[asked]]
    fresh = how_many(talks.server[asked[new]])
    if fresh < _SEVERAL or fresh < _MOST * hosts:
        return None
    told = f"a fan-out: {_several(hosts, 'host')}, {fresh} of them for the first time"
    return Shape(ShapeKind.FAN_OUT, told)


def _doors(flows: FlowWindow, rows: I64) -> I64:
    talks = flows.conversations
    return np.asarray((talks.port[rows] << 8) | talks.proto[rows], np.int64)


def _commonest(keys: U64) -> tuple[int, float]:
    """A row of the commonest key, and its share."""
    groups = Groups.of(keys)
    sizes = groups.sizes()
    most = int(np.argmax(sizes))
    return int(groups.order[groups.starts[most]]), float(sizes[most]) / len(keys)


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)
