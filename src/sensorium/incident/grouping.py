"""Anomalies in, incidents out: one per cause, by time, shared hosts and topology."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from sensorium.incident.book import GroupBook, Step
from sensorium.incident.cluster import cover, place_host_only
from sensorium.incident.config import IncidentConfig
from sensorium.incident.explained import Explainer
from sensorium.incident.footprint import Footprint, footprint
from sensorium.incident.forwarding import is_forwarding
from sensorium.incident.keeping import FORMAT, Kept, News, whole
from sensorium.incident.kind import Namer
from sensorium.incident.linking import Linker
from sensorium.incident.snapshot import Snapshots
from sensorium.incident.surprise import Rarity, surprises
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change, ChangeKind
from sensorium.model.incident import Incident
from sensorium.observe import Observe
from sensorium.state.arrays import StateError
from sensorium.topology import EntityGraph, Identities


@dataclass(slots=True)
class IncidentUpdates:
    """What a fold changed, in order of event time.

    ``settled`` are complete and are to be investigated now; ``reopened`` are to be looked at
    again and settle later; ``merged`` have become part of another, which is looked at again. An
    incident may be in several lists, each time as it was then.
    """

    opened: list[Incident] = field(default_factory=list)
    joined: list[Incident] = field(default_factory=list)
    settled: list[Incident] = field(default_factory=list)
    reopened: list[Incident] = field(default_factory=list)
    merged: list[Incident] = field(default_factory=list)
    latest: dict[str, Incident] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[Incident, ...]:
        """Every incident that was touched, once, as it is now."""
        return tuple(self.latest.values())


def _nobody(_address: str) -> frozenset[str]:
    return frozenset()


class IncidentManager:
    """Groups anomalies into incidents. All time is event time; nothing is read or written.

    Anomalies are taken window by window in order of their ends, whatever the calls they came
    in, so the outcome depends on the anomalies, the changes and the network alone. Not
    thread-safe.
    """

    def __init__(
        self,
        config: IncidentConfig,
        observe: Observe,
        identities: Identities,
        graph: EntityGraph,
        changes: Sequence[Change] = (),
        behind: Callable[[str], frozenset[str]] = _nobody,
    ) -> None:
        self.changes: Sequence[Change] = changes
        self._behind = behind
        self._config = config
        self._identities = identities
        self._graph = graph
        self._waiting: list[Anomaly] = []
        self._folded_ns = 0
        self._network_ns = 0
        self._rarity = Rarity()
        self._book = GroupBook(config, Snapshots(self._namer()))
        self._anomalies = observe.counter(
            "sensorium_incident_anomalies",
            "Anomalies grouped: explained by an announced change, or not",
            ("as",),
        )
        self._in_turn = observe.counter(
            "sensorium_incident_in_turn",
            "Causes that were compared with few others, since a window held too many",
        )
        self._log = observe.logger("incident")
        self._steps = observe.counter(
            "sensorium_incident_steps",
            "Incidents opened, joined, settled, reopened, merged, forgotten; groups given up",
            ("step",),
        )

    def fold(self, anomalies: Iterable[Anomaly], watermark_ns: int) -> IncidentUpdates:
        """Take in anomalies whose windows end by ``watermark_ns`` and do what is due by then.

        Anomalies of later windows wait for a later call.
        """
        updates = IncidentUpdates()
        lists = {
            Step.OPENED: updates.opened,
            Step.JOINED: updates.joined,
            Step.SETTLED: updates.settled,
            Step.REOPENED: updates.reopened,
            Step.MERGED: updates.merged,
        }
        self._book.unite(self._folded_ns)
        self._waiting = sorted([*self._waiting, *anomalies], key=_in_order)
        while True:
            window = self._waiting[0].end_ns if self._waiting else watermark_ns + 1
            due = self._book.next_due_ns()
            if min(window, due) > watermark_ns:
                break
            if window <= due:
                batch = [a for a in self._waiting if a.end_ns == window]
                self._waiting = self._waiting[len(batch) :]
                self._window(batch, window)
            self._book.act(min(window, due))
        self._folded_ns = max(self._folded_ns, watermark_ns)
        for event in self._book.drain():
            self._steps.labels(event.step.value).inc()
            if event.incident is not None and event.step is not Step.FORGOTTEN:
                updates.latest[event.incident.id] = event.incident
                lists[event.step].append(event.incident)
        return updates

    def concluded(self, incident: Incident) -> None:
        """Take over what an investigation or a person decided; unknown incidents are ignored."""
        self._book.concluded(incident)

    def incidents(self) -> tuple[Incident, ...]:
        """The incidents still remembered, in the order in which they were opened."""
        return self._book.incidents()

    def restore(self, incidents: Iterable[Incident], anomalies: Iterable[Anomaly]) -> None:
        """Continue after a restart, as well as the records allow without what :meth:`news` told.

        ``anomalies`` are those of the incidents and any of the last minutes; those that belong
        to no incident are grouped again, so that what was about to become one still can.
        """
        by_id = {a.id: a for a in anomalies}
        placed: set[str] = set()
        for incident in sorted(incidents, key=lambda i: (i.start_ns, i.id)):
            known = [by_id[i] for i in incident.anomaly_ids if i in by_id]
            placed |= {a.id for a in known}
            change = next((c for c in self.changes if c.ref == incident.change_ref), None)
            if known:
                self._book.restore(incident, self._prints(known), change)
        rest = sorted(
            (a for a in by_id.values() if a.id not in placed), key=lambda a: (a.end_ns, a.id)
        )
        for window in sorted({a.end_ns for a in rest}):
            self._window([a for a in rest if a.end_ns == window], window)

    def forget(self) -> None:
        """Let go of all groups and of the time reached; how rare anomalies are stays known.

        For a time that begins anew: incidents should have settled before.
        """
        self._book.forget()
        self._waiting = []
        self._folded_ns = self._network_ns = 0
        self._rarity.put_back({**self._rarity.told(), "last_ns": 0})

    def news(self) -> News:
        """What is known and was not yet :meth:`written`; to be kept with the window's anomalies and
        incidents."""
        return self._book.news(
            {
                "folded_ns": self._folded_ns,
                "network_ns": self._network_ns,
                "waiting": [a.id for a in self._waiting],
                "rarity": self._rarity.told(),
            }
        )

    def written(self, news: News) -> None:
        """Take note that the news is kept."""
        self._book.written(news)

    def resume(
        self, kept: Kept, incidents: Iterable[Incident], anomalies: Iterable[Anomaly]
    ) -> None:
        """Go on, after a restart, as if there had been none.

        The network must have been put back before, and not yet be advanced beyond what it was.
        ``incidents`` and ``anomalies`` are those that ``kept`` names, as the records hold them.
        StateError where something is missing or does not fit; then nothing is changed.
        """
        common, by_id = kept.common, {a.id: a for a in anomalies}
        book, rarity = GroupBook(self._config, Snapshots(self._namer())), Rarity()
        with whole():
            if common["format"] != FORMAT:
                raise StateError(f"groups were kept in format {common['format']}, not {FORMAT}")
            book.put_back(kept, {i.id: i for i in incidents}, by_id)
            rarity.put_back(common["rarity"])
            waiting = [by_id[anomaly_id] for anomaly_id in common["waiting"]]
            folded_ns, network_ns = int(common["folded_ns"]), int(common["network_ns"])
        self._book, self._rarity, self._waiting = book, rarity, waiting
        self._folded_ns = folded_ns
        self._look(network_ns)

    def _window(self, anomalies: Sequence[Anomaly], end_ns: int) -> None:
        self._look(end_ns)
        free: list[Footprint] = []
        explainer = self._explainer()
        running = [c for c in self.changes if self._is_near(c, end_ns)]
        # A window that is folded again after a restart must not count twice.
        by_id = {a.id: a for a in anomalies}
        held = self._book.held(by_id.keys())
        once = [a for a in by_id.values() if a.id not in held]
        prints = self._prints(once)
        self._rarity.learn(once, len(self._identities.known()))
        for print_ in prints:
            found = explainer.best(print_, running)
            if found is None or not self._book.explain(print_, *found):
                free.append(print_)
            else:
                self._anomalies.labels("explained").inc()
        forwarded = [p for p in free if is_forwarding(p, self._is_exporter)]
        rest = [p for p in free if not is_forwarding(p, self._is_exporter)]
        clusters = cover(p for p in rest if p.names_others)
        clusters = place_host_only((p for p in rest if not p.names_others), clusters)
        in_turn = self._book.take(
            clusters,
            forwarded,
            end_ns=end_ns,
            linker=Linker(
                self._config, self._graph.established, cache(self._carried), cache(self._behind)
            ),
            explainer=explainer,
        )
        if in_turn:
            self._in_turn.inc(in_turn)
            self._log.warning(
                "a storm: too many causes to compare each with all; each was compared with few",
                causes=in_turn,
                anomalies=len(once),
            )
        self._anomalies.labels("unexplained").inc(len(free))

    def _look(self, at_ns: int) -> None:
        self._identities.advance(at_ns)
        self._graph.advance(at_ns)
        self._network_ns = max(self._network_ns, at_ns)

    def _prints(self, anomalies: Iterable[Anomaly]) -> list[Footprint]:
        ordered = sorted(anomalies, key=lambda a: (a.end_ns, a.id))
        weights = surprises(
            ordered, self._rarity, self._config.gate_decades, self._is_exporter_address
        )
        canonical = self._identities.canonical
        return [footprint(a, canonical, surprise=weights[a.id]) for a in ordered]

    def _is_near(self, change: Change, end_ns: int) -> bool:
        # A cron table says that something starts, not what it may send to whom: it supports an
        # investigation and explains nothing by itself.
        if change.kind is ChangeKind.JOB and not change.scope.peers:
            return False
        second = 1_000_000_000
        lead, overrun = self._config.lead_s * second, self._config.overrun_s * second
        return change.start_ns - lead <= end_ns <= change.end_ns + overrun

    def _explainer(self) -> Explainer:
        edges = self._graph.established
        return Explainer(
            resolve=self._identities.resolve,
            is_client=lambda host, server, port: host in edges.clients(server, port),
            lead_s=self._config.lead_s,
            overrun_s=self._config.overrun_s,
        )

    def _carried(self, exporter: str) -> frozenset[str]:
        addresses = self._identities.addresses(exporter)
        return frozenset().union(*(self._graph.carried(address) for address in addresses))

    def _is_exporter_address(self, address: str) -> bool:
        return self._is_exporter(self._identities.canonical(address))

    def _is_exporter(self, host: str) -> bool:
        return not self._graph.exporters.isdisjoint(self._identities.addresses(host))

    def _criticality(self, host: str) -> float:
        """How much of the network needs a host: by its services, or by being behind it."""
        edges = self._graph.established
        behind = len(self._behind(self._identities.canonical(host)) & set(edges.hosts))
        return max(edges.criticality_of(host), behind / max(len(edges.hosts) - 1, 1))

    def _namer(self) -> Namer:
        return Namer(
            label=self._identities.label,
            is_known=self._identities.is_known,
            is_exporter=self._is_exporter,
            criticality=self._criticality,
        )


def _in_order(anomaly: Anomaly) -> tuple[int, str, float]:
    return anomaly.end_ns, anomaly.id, -anomaly.tail_probability
