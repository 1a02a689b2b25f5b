"""Which incidents belong to which scenario, and whether what must hold holds. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sensorium.evaluate.signs import Sign
from sensorium.evaluate.truth import Expected, Scenario, Truth
from sensorium.model.anomaly import Anomaly
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import Incident, IncidentState

SECOND = 1_000_000_000

# Windows are half a minute, and flows are told of up to a minute after they happened.
_EARLY_NS, _LATE_NS = 30 * SECOND, 90 * SECOND
_LEAST_FIT = 0.3
_LEAST_SHARE = 0.3
MOST_UNCAUSED = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """An incident to be scored, and event times of its life (Unix ns, 0 where unknown)."""

    incident: Incident
    opened_ns: int = 0
    settled_ns: int = 0

    @property
    def is_elevated(self) -> bool:
        """Whether a person is or will be asked to look."""
        return self.incident.state is not IncidentState.AUTO_RESOLVED


@dataclass(frozen=True, slots=True)
class ScenarioScore:
    """How one scenario came out.

    ``incidents`` are those that are about it, the largest first: the first is judged. ``purity``
    is the share of that incident's anomalies whose time and hosts fit the scenario; ``missing``
    are primary hosts that it does not name. ``delay_s`` is from the scenario's start to the end
    of the first anomaly's window, ``opened_s`` to when the incident was opened. ``sign`` is the
    first that was to be seen of it, where that is known.
    """

    scenario: Scenario
    incidents: tuple[Subject, ...]
    anomalies: int
    purity: float
    missing: tuple[str, ...]
    delay_s: float | None
    opened_s: float | None
    failures: tuple[str, ...]
    sign: Sign | None = None

    @property
    def sign_s(self) -> float | None:
        """Seconds from the scenario's start to its first sign."""
        return None if self.sign is None else _seconds(self.scenario, self.sign.at_ns)

    @property
    def delay_from_sign_s(self) -> float | None:
        """Seconds from the first sign to the end of the first anomaly's window."""
        if self.delay_s is None or self.sign_s is None:
            return None
        return round(self.delay_s - self.sign_s, 1)

    @property
    def holds(self) -> bool:
        """Whether everything that must hold for it does."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole result. ``uncaused`` are elevated incidents about nothing in the truth."""

    scenarios: tuple[ScenarioScore, ...]
    uncaused: tuple[Subject, ...]
    quiet_share: float | None
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that must hold does."""
        return not self.failures and all(s.holds for s in self.scenarios)


def score(
    truth: Truth,
    subjects: Sequence[Subject],
    anomalies: Iterable[Anomaly],
    *,
    quiet_share: float | None = None,
    signs: Mapping[str, Sign] | None = None,
) -> Evaluation:
    """Compare incidents with what happened; ``signs`` are the scenarios' first, by their ids.

    An incident is about the scenario that most of its anomalies fit. One that no scenario fits
    for at least three anomalies in ten is about nothing that happened. What was merged into
    another incident counts there.
    """
    by_id = {a.id: a for a in anomalies}
    assigned: dict[str, list[tuple[float, Subject]]] = {s.id: [] for s in truth.scenarios}
    uncaused = []
    whole = [s for s in subjects if s.incident.state is not IncidentState.MERGED]
    for subject in sorted(whole, key=lambda s: (s.incident.start_ns, s.incident.id)):
        fits = {s.id: fit_share(s, subject.incident, by_id) for s in truth.scenarios}
        best = max(truth.scenarios, key=lambda s: _claim(s, subject, fits), default=None)
        if best is None or fits[best.id] < _LEAST_FIT:
            uncaused.append(subject)
        else:
            assigned[best.id].append((fits[best.id], subject))
    scores = tuple(
        replace(_judge(s, assigned[s.id]), sign=(signs or {}).get(s.id)) for s in truth.scenarios
    )
    elevated = tuple(s for s in uncaused if s.is_elevated)
    failures = []
    if len(elevated) > MOST_UNCAUSED:
        failures.append(
            f"{len(elevated)} elevated incidents without a cause, at most {MOST_UNCAUSED} may be"
        )
    return Evaluation(scores, elevated, quiet_share, tuple(failures))


def fit_share(scenario: Scenario, incident: Incident, by_id: Mapping[str, Anomaly]) -> float:
    """The share (0 to 1) of an incident's anomalies whose time and hosts fit a scenario.

    An anomaly's hosts fit if it is about a host that took part, or lies to a third or more at
    the door of one. So do those of hosts that an odd pair shows in conversation with one that
    took part: the targets of a scan. A link fault has no bystanders: whatever suffers while the
    link does, fits.
    """
    if not incident.anomaly_ids:
        return 0.0
    members = [by_id[i] for i in incident.anomaly_ids if i in by_id]
    timely = [a for a in members if _is_timely(scenario, a)]
    drawn_in = set(scenario.hosts)
    for anomaly in timely:
        if anomaly.entity.kind is EntityKind.PAIR and scenario.hosts & set(anomaly.hosts):
            drawn_in.update(anomaly.hosts)
    everyone = scenario.kind == "link_fault"
    fitting = sum(1 for a in timely if everyone or not drawn_in.isdisjoint(_touched(a)))
    return fitting / len(incident.anomaly_ids)


def _is_timely(scenario: Scenario, anomaly: Anomaly) -> bool:
    early = anomaly.end_ns <= scenario.start_ns - _EARLY_NS
    return not early and anomaly.start_ns < scenario.end_ns + _LATE_NS


def _touched(anomaly: Anomaly) -> set[str]:
    return {*anomaly.hosts, *(p.address for p in anomaly.peers if p.share >= _LEAST_SHARE)}


def _claim(scenario: Scenario, subject: Subject, fits: Mapping[str, float]) -> tuple[float, str]:
    # Of two scenarios that run at the same time on the same hosts, the one whose main hosts the
    # incident names has the better claim.
    named = set(subject.incident.hosts)
    share = sum(1 for h in scenario.primary if h in named) / max(len(scenario.primary), 1)
    planned = 0.5 if scenario.proof and scenario.proof in _reference(subject.incident) else 0.0
    return round(fits[scenario.id] + 0.5 * share + planned, 6), scenario.id


def _judge(scenario: Scenario, found: list[tuple[float, Subject]]) -> ScenarioScore:
    ranked = sorted(found, key=lambda f: (-len(f[1].incident.anomaly_ids) * f[0], f[1].incident.id))
    subjects = tuple(subject for _, subject in ranked)
    if not subjects:
        return ScenarioScore(scenario, (), 0, 0.0, scenario.primary, None, None, ("not found",))
    main = subjects[0]
    missing = tuple(h for h in scenario.primary if h not in main.incident.hosts)
    return ScenarioScore(
        scenario=scenario,
        incidents=subjects,
        anomalies=len(main.incident.anomaly_ids),
        purity=ranked[0][0],
        missing=missing,
        delay_s=_seconds(scenario, main.incident.start_ns + 30 * SECOND),
        opened_s=_seconds(scenario, main.opened_ns) if main.opened_ns else None,
        failures=tuple(_failures(scenario, subjects, missing)),
    )


def _failures(
    scenario: Scenario, subjects: tuple[Subject, ...], missing: tuple[str, ...]
) -> Iterable[str]:
    if missing:
        yield "does not name " + ", ".join(missing)
    elevated = [s for s in subjects if s.is_elevated]
    if scenario.expected is Expected.ELEVATED:
        if not subjects[0].is_elevated:
            yield "auto-resolved, but it was not planned"
        if len(elevated) > 1:
            yield f"in {len(elevated)} incidents"
        return
    if elevated:
        ids = ", ".join(s.incident.id for s in elevated)
        yield f"not auto-resolved, though it was planned: {ids}"
    elif scenario.proof not in _reference(subjects[0].incident):
        yield f"auto-resolved without naming {scenario.proof}"


def _reference(incident: Incident) -> str:
    return f"{incident.change_ref} {incident.proof}"


def _seconds(scenario: Scenario, at_ns: int) -> float:
    return round((at_ns - scenario.start_ns) / SECOND, 1)
