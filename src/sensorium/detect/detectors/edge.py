"""Hosts that talk with whom they are not expected to: lateral movement, sweeps, strangers.

The graph of who talks to whom (:mod:`sensorium.links.network`) says of each first contact how
unlikely it is. A host's first contacts in a window are one thing: the most unlikely one, and a
little for each other that is nearly as unlikely. That is compared with what first contacts score
otherwise; a host without any is not odd.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import plain
from sensorium.detect.flows.contributors import peers
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.detect.kernels.relations import ANSWERED
from sensorium.detect.keys import KeyIndex
from sensorium.detect.models.protocol import VectorModel
from sensorium.detect.models.seat import Seat
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import ports
from sensorium.links.network.memory import Array, TalkMemory
from sensorium.links.network.names import COLUMN
from sensorium.links.network.plain import PlainScorer
from sensorium.links.network.smoothing import burst
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns, taken

FEATURES = (plain("unlikely", "made first contacts that are unlikely by {}", 1.0),)

_EDGES_A_HOST: Final = 8
_RECENT: Final = 512
_SELDOM: Final = 3.0
"""First contacts that go against known edges are told of as such where 1 in 20 do (e to this)."""


def memory_of(config: DetectConfig) -> TalkMemory:
    """What is known of talk when nothing is: without vectors, whose angles are then 0."""
    most = config.max_entities
    return TalkMemory(most, _EDGES_A_HOST * most, width=0)


def edges_of(flows: FlowWindow) -> tuple[I64, I64]:
    """The distinct edges of a window on which there was an answer: rows of its addresses (n,)."""
    nobody, talks = flows.addresses.group, flows.conversations
    talk = flows.pairs.talk[flows.pairs.sums[:, ANSWERED] > 0]
    client, server = talks.client[talk], talks.server[talk]
    real = ~nobody[client] & ~nobody[server] & (client != server)
    return client[real], server[real]


class _Talk:
    """The distinct edges of a window on which there was an answer, and the first contacts.

    ``source`` and ``target`` are keys, ``clients`` is how many sources there are. Of the first
    contacts, ``client`` and ``server`` index the window's addresses, ``asking`` and ``asked`` are
    their keys, ``known`` is what was known of them (n, 27), and ``scores`` is how unlikely each is.
    """

    def __init__(
        self, flows: FlowWindow, memory: TalkMemory, window: int, trained: VectorModel | None
    ) -> None:
        keys = flows.addresses.keys
        client, server = edges_of(flows)
        self.clients = int(np.count_nonzero(np.bincount(client)))
        self.source: U64 = keys[client]
        self.target: U64 = keys[server]
        first = memory.new(self.source, self.target)
        self.client, self.server = client[first], server[first]
        self.asking, self.asked = self.source[first], self.target[first]
        among = (self.source, self.target)
        self.known = memory.features(self.asking, self.asked, window, among)
        extra = burst(self.known, self.asking, self.asked)
        self.scores: F64 = PlainScorer().score(self.known) + extra
        if trained is not None and len(self.scores):
            self.scores = self.scores + trained.score(self.known)


class EdgeDetector:
    """Scores every host that opens a conversation with somebody for the first time."""

    name = "flows.edge"
    kind = EntityKind.HOST
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig, trained: Seat | None = None) -> None:
        """``trained`` is where a model sits that adds what it learned of this network's past."""
        self._trained = trained
        self._memory = memory_of(config)
        self._latest: tuple[Window, _Talk] | None = None
        self._recent = np.zeros(0)
        self._held = KeyIndex(config.max_entities)
        self._windows = np.zeros(0, np.int64)
        self._hold = config.hold_windows

    def score(self, window: Window) -> Scored:
        """One row per host with a first contact; ``places`` is the host's address."""
        if window.flows is None:
            return Scored.nothing(1)
        talk = self._talk(window, window.flows)
        hosts = Groups.of(talk.asking)
        quiet = talk.clients - len(hosts)
        if not len(hosts):
            return replace(Scored.nothing(1), unmoved=quiet)
        strongest = hosts.reduce(np.maximum, talk.scores)
        beside = hosts.reduce(np.add, np.exp(talk.scores - strongest[hosts.codes]))
        together = strongest + np.log(beside)
        return Scored(
            keys=hosts.keys,
            values=together[:, None],
            expected=np.full((len(hosts), 1), self._usual()),
            oddness=np.maximum(together, 0.0)[:, None],
            places=hosts.first(talk.client),
            strata=np.zeros(len(hosts), np.int64),
            unmoved=quiet,
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window's edges in; those of a host that passed stay new for a while."""
        if window.flows is None:
            return
        talk = self._talk(window, window.flows)
        taken = ~np.isin(talk.source, self._holding(scored.keys, passed, window.index))
        self._memory.learn(talk.source, talk.target, window.index, taken)
        self._recent = np.concatenate([self._recent, scored.values[~passed, 0]])[-_RECENT:]
        self._latest = None

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the host, the most unlikely of its contacts, and what is unlikely about it."""
        assert window.flows is not None
        flows, address = window.flows, int(scored.places[place])
        talk = self._talk(window, flows)
        mine = np.flatnonzero(talk.client == address)
        mine = mine[np.argsort(-talk.scores[mine], kind="stable")]
        strongest = int(mine[0])
        who, whom = flows.addresses.text(address), flows.addresses.text(int(talk.server[strongest]))
        rows, weight = _weighed(flows, address, talk.server[mine], talk.scores[mine])
        others = peers(flows, rows, weight, np.ones(len(rows), np.bool_))
        service = next((f" ({ports(p.port, p.proto)})" for p in others if p.address == whom), "")
        more = f" and with {len(mine) - 1} more" if len(mine) > 1 else ""
        reasons = ", ".join(reasons_of(talk.known[strongest]))
        return Explanation(
            entity=Entity(EntityKind.HOST, who),
            hosts=(who,),
            peers=others,
            summary=f"{who} talked with {whom}{service}{more} for the first time: {reasons}",
            features=_told(scored, place, len(mine), talk.known[strongest]),
        )

    def state(self) -> State:
        """The graph, what first contacts scored lately, and whose are not believed yet."""
        return {
            **joined(memory=self._memory.kept(), held=self._held.state()),
            **columns(self, self._held.rows_used, "_windows"),
            "recent": self._recent.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._memory.restore(part(state, "memory"))
        self._held.restore(part(state, "held"))
        put_columns(self, state, self._held.rows_used, "_windows")
        self._recent = taken(state, "recent", np.float64, None)
        self._latest = None

    def entities(self) -> int:
        """Hosts remembered."""
        return self._memory.hosts

    def _talk(self, window: Window, flows: FlowWindow) -> _Talk:
        """The window's talk against what is known; made once, until something is learned."""
        if self._latest is None or self._latest[0] is not window:
            if self._trained is not None and self._trained.look():
                # Scores of before are on another scale.
                self._recent = self._recent[:0]
            model = None if self._trained is None else self._trained.model
            self._latest = (window, _Talk(flows, self._memory, window.index, model))
        return self._latest[1]

    def _usual(self) -> float:
        """What first contacts score otherwise; 0 before there are some."""
        return float(np.median(self._recent)) if len(self._recent) else 0.0

    def _holding(self, keys: U64, passed: Bool, now: int) -> U64:
        """Hosts whose first contacts are not believed yet."""
        odd = keys[passed]
        rows, fresh = self._held.admit(odd, now)
        if self._held.rows_used > len(self._windows):
            grown = np.zeros(2 * self._held.rows_used, np.int64)
            grown[: len(self._windows)] = self._windows
            self._windows = grown
        self._windows[rows[fresh]] = 0
        self._windows[rows[rows >= 0]] += 1
        self._held.remove(keys[~passed])
        return np.asarray(odd[(rows < 0) | (self._windows[rows] <= self._hold)], np.uint64)


def reasons_of(known: Array) -> list[str]:
    """What is unlikely about a first contact, in words, from its features (27,)."""
    at = {name: float(known[column]) for name, column in COLUMN.items()}
    said = ["never seen"]
    if at["source_stranger"]:
        said.append("the client is new")
    if at["target_stranger"]:
        said.append("the server is new")
    if not (at["source_stranger"] or at["target_stranger"] or at["shared"] or at["alike"]):
        said.append("no shared neighbours")
    if at["source_only_answers"]:
        said.append("the client only ever answered")
    if at["target_only_asks"]:
        said.append("the server only ever asked")
    if at["reverse"] and at["reciprocity"] > _SELDOM:
        said.append("against the usual direction")
    return said


def _weighed(flows: FlowWindow, address: int, servers: I64, scores: F64) -> tuple[I64, I64]:
    """The host's conversations with ``servers``, and how much each counts, in thousandths."""
    talks = flows.conversations
    rows = flows.of_client(address)
    rows = rows[np.isin(talks.server[rows], servers)]
    order = np.argsort(servers, kind="stable")
    at = order[np.searchsorted(servers, talks.server[rows], sorter=order)]
    weight = np.maximum(1000 * np.exp(scores[at] - scores[0]), 1)
    return rows, weight.astype(np.int64)


def _told(scored: Scored, place: int, contacts: int, known: Array) -> tuple[Feature, ...]:
    odd, usual = float(scored.oddness[place, 0]), float(scored.expected[place, 0])
    shared = float(np.expm1(known[COLUMN["shared"]]))
    return (
        Feature("unlikely", float(scored.values[place, 0]), usual, odd),
        Feature("first_contacts", float(contacts), 0.0, 0.0),
        Feature("shared_neighbours", round(shared, 2), 0.0, 0.0),
    )
