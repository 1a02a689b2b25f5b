"""Was it planned? Only what an announced change explains in full is, and the proof is cited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sensorium.agent.case import Case, Report, hosts_of, peers_of
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import count
from sensorium.agent.nodes.traffic import scanning, volumes
from sensorium.agent.planning import (
    Check,
    check_outage,
    check_restart,
    check_scheduler,
    check_scope,
    check_transfers,
    describe,
    in_time,
)
from sensorium.agent.readings.logins import authentication
from sensorium.agent.tools.auth_events import auth_events
from sensorium.agent.tools.byte_balance import byte_balance
from sensorium.agent.tools.dependencies import dependencies
from sensorium.agent.tools.fan_out import fan_out
from sensorium.agent.tools.first_seen import first_seen
from sensorium.agent.tools.toolbox import Answer, Toolbox
from sensorium.agent.tools.top_talkers import top_talkers
from sensorium.agent.tools.traffic_share import traffic_share
from sensorium.agent.window import Span
from sensorium.incident.explained import Explainer, Fit
from sensorium.incident.footprint import Footprint, footprint
from sensorium.incident.traits import Trait, traits
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change, ChangeKind
from sensorium.model.entity_kind import EntityKind
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

NAME = "was_it_planned"
MOST = 0.6


def play(case: Case, box: Toolbox) -> Report:
    """Compare every anomaly and the store's own evidence with the changes around its time."""
    changes = case.changes
    if not changes:
        note = "No change was announced for the time of the incident, so none was compared."
        return Report(notes=(note,), update={"planned": {"planned": False}})
    if case.left_out:
        # What was not read may be what no change explains.
        note = "Whether it was planned cannot be said of so many anomalies; a person has to judge."
        return Report(notes=(note,), update={"planned": {"planned": False}})
    answer, graph = dependencies(box)

    def is_client(host: str, server: str, port: int) -> bool:
        return host in graph.clients(server, port)

    explainer = Explainer(
        case.names.resolve,
        is_client,
        case.config.plan_lead_seconds,
        case.config.plan_slack_seconds,
    )
    best = _best(case, explainer, changes)
    if best is None:
        note = _none_fits(case, changes)
        return Report(notes=(note,), update={"planned": {"planned": False}})
    companions = _companions(case, best, changes)
    unexplained = _unexplained(case, box, explainer, [best, *companions])
    attack, calm = _attack(case, box, best)
    explained = len(case.anomalies) - len(unexplained)
    scope = check_scope(case, best, explained, answer, others=len(unexplained))
    checks = [*_checks(case, box, best), scope, calm]
    return _conclude(
        case, _Comparison(best, companions, checks, unexplained, attack, case.attacks), answer
    )


def _none_fits(case: Case, changes: Sequence[Change]) -> str:
    about = set(case.focus)
    named = [c.ref for c in changes if about & {*hosts_of(case, c), *peers_of(case, c)}]
    total = count(len(changes), "announced change")
    if not named:
        return f"{total} overlapped in time; none names a host of the incident."
    more = f" and {len(named) - 4} more" if len(named) > 4 else ""
    return (
        f"{total} overlapped in time; {len(named)} of them name a host of the incident, and none "
        f"of those accounts for its traffic: {', '.join(named[:4])}{more}."
    )


def _best(case: Case, explainer: Explainer, changes: Sequence[Change]) -> Change | None:
    """The change that explains the most anomalies; it must explain the traffic of one at least.

    What is merely compatible with a change on some host proves nothing about it.
    """
    ranked = []
    for change in changes:
        fits = [explainer.fit(_print(case, a), change) for a in case.anomalies]
        score = (fits.count(Fit.TRAFFIC), fits.count(Fit.COMPATIBLE))
        if score[0]:
            ranked.append((score, change.start_ns, change.ref, change))
    if not ranked:
        return None
    return min(ranked, key=lambda r: (-r[0][0], -r[0][1], r[1], r[2]))[3]


def _print(case: Case, anomaly: Anomaly) -> Footprint:
    return footprint(anomaly, case.names.home, surprise=1.0)


def _companions(case: Case, best: Change, changes: Sequence[Change]) -> list[Change]:
    """Other announcements of the same work: same host, same time, same command."""
    mine = set(hosts_of(case, best))
    command = best.scope.command.split()[:1]
    return [
        c
        for c in changes
        if c.ref != best.ref
        and mine & set(hosts_of(case, c))
        and in_time(case, best, c.start_ns, c.start_ns)
        and command
        and c.scope.command.split()[:1] == command
    ]


def _checks(case: Case, box: Toolbox, change: Change) -> list[Check]:
    return [
        *check_transfers(case, box, change),
        *check_scheduler(case, box, change),
        *check_restart(case, box, change),
        *check_outage(case, box, change),
    ]


def _unexplained(
    case: Case, box: Toolbox, explainer: Explainer, team: Sequence[Change]
) -> list[tuple[Anomaly, tuple[str, ...]]]:
    """Anomalies that no change of the team accounts for, with what was asked about them.

    A router's own anomalies are the pair's where the pair makes most of what it carried.
    """
    main = team[0]
    pair = tuple(dict.fromkeys((*hosts_of(case, main), *peers_of(case, main))))
    shares: Answer | None = None
    left = []
    for anomaly in case.anomalies:
        if any(explainer.fit(_print(case, anomaly), c) is not Fit.NO for c in team):
            continue
        cited: tuple[str, ...] = ()
        if main.kind is not ChangeKind.DEPLOYMENT and _is_forwarding(anomaly):
            if shares is None:
                span = Span(case.incident.start_ns, case.incident.end_ns)
                shares = traffic_share(box, pair, span)
            cited = shares.cite
            if _carried_mostly(case, shares, anomaly):
                continue
        left.append((anomaly, cited))
    return left


def _is_forwarding(anomaly: Anomaly) -> bool:
    if traits(anomaly) & {Trait.FAN_OUT, Trait.AUTH_FAILURE, Trait.LINK}:
        return False
    kinds = (EntityKind.INTERFACE, EntityKind.EXPORTER)
    return anomaly.entity.kind in kinds or anomaly.signal is Signal.METRICS


def _carried_mostly(case: Case, shares: Answer, anomaly: Anomaly) -> bool:
    hosts = {case.names.home(h) for h in anomaly.hosts}
    interface = anomaly.entity.key.partition("#")[2]
    rows = [
        r
        for r in shares.rows
        if case.names.home(r["exporter"]) in hosts
        and (anomaly.entity.kind is not EntityKind.INTERFACE or str(r["interface"]) == interface)
    ]
    total = sum(r["bytes"] for r in rows)
    return bool(total > 0 and sum(r["bytes_of_pair"] for r in rows) >= MOST * total)


def _attack(case: Case, box: Toolbox, main: Change) -> tuple[list[Clue], Check]:
    """Signs of an attack on the hosts of the change and of the incident, whatever was planned.

    Returns them, and the check that says there are none or how many there are.
    """
    pair = {*hosts_of(case, main), *peers_of(case, main)}
    hosts = tuple(dict.fromkeys((*case.focus, *sorted(pair))))
    tried, logins = fan_out(box, hosts), auth_events(box)
    fresh, talkers, balance = (
        first_seen(box, hosts),
        top_talkers(box, hosts),
        byte_balance(box, hosts),
    )
    found = [*scanning(box, tried), *authentication(case, logins)]
    moved = volumes(case, box, talkers, fresh, balance)
    found += [c for c in moved if not {c.subject, c.object} <= pair]
    text = (
        f"{count(len(found), 'sign')} of an attack on these hosts at that time"
        if found
        else f"no scan, no failed logins and no other large transfer by {case.names.many(hosts)}"
    )
    cited = (tried.id, logins.id, talkers.id)
    return found, Check(not found, text, cited, Signal.FLOWS, decisive=False, tells=False)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Everything that was compared with one change and its companions."""

    best: Change
    companions: list[Change]
    checks: list[Check]
    unexplained: list[tuple[Anomaly, tuple[str, ...]]]
    attack: list[Clue]
    elsewhere: tuple[tuple[str, str], ...] = ()

    @property
    def against(self) -> list[Check]:
        """The checks that rule the change out."""
        return [check for check in self.checks if not check.fits and check.decisive]

    @property
    def confirmed(self) -> bool:
        """Whether a witness of its own says that the work was done."""
        other = any(c.source != self.best.source for c in self.companions)
        return other or any(check.confirms for check in self.checks)

    @property
    def whole(self) -> bool:
        """Whether the change explains all there is."""
        return self.confirmed and not (self.against or self.unexplained or self.loose)

    @property
    def loose(self) -> list[Clue]:
        """Signs of an attack that no other incident is about: those keep this one open."""
        return [] if self.elsewhere else self.attack


def _conclude(case: Case, found: _Comparison, answer: Answer) -> Report:
    best = found.best
    explained = len(case.anomalies) - len(found.unexplained)
    clues = [check.clue(best, found.whole) for check in found.checks if found.whole or check.tells]
    if not found.whole:
        clues += [_why_not(case, found, explained, answer), *found.attack]
    elif found.attack:
        clues.append(_attacked_meanwhile(found))
    update = {
        "planned": {
            "planned": found.whole,
            "ref": best.ref,
            "title": best.title,
            "kind": best.kind.value,
            "proof": _proof(found) if found.whole else "",
            "explained": explained,
            "unexplained": len(found.unexplained),
        }
    }
    return Report(tuple(clues), update=update)


def _proof(found: _Comparison) -> str:
    parts = [describe(change) for change in (found.best, *found.companions)]
    proven = (check for check in found.checks if check.fits and check.proves)
    parts += [f"{check.text} ({', '.join(check.evidence)})" for check in proven]
    return ", ".join(parts)


def _attacked_meanwhile(found: _Comparison) -> Clue:
    """What else went on here at that time: it is another incident's, and waits there."""
    cited = dict.fromkeys(e for clue in found.attack for e in clue.evidence[:1])
    others = " and ".join(f"{incident} ({title})" for incident, title in found.elsewhere)
    return Clue(
        ClueKind.PLAN_CHECK,
        found.best.ref,
        f"signs of an attack on these hosts at that time are no part of the plan and are not "
        f"excused by it: they are investigated as {others}",
        tuple(cited),
        Signal.CHANGES,
        weight=Weight.CONTEXT,
        detail={"fits": False, "confirms": False, "proves": False, "summary": True},
    )


def _why_not(case: Case, found: _Comparison, explained: int, answer: Answer) -> Clue:
    """Which part the change does explain, and why that does not close the incident."""
    total = count(len(case.anomalies), "anomaly", "anomalies")
    cited: list[str] = [*answer.cite]
    reasons = []
    if found.loose:
        reasons.append("there are signs of an attack in its time")
        cited += [e for clue in found.loose[:2] for e in clue.evidence[:1]]
    if found.against:
        reasons.append(found.against[0].text)
        cited += found.against[0].evidence
    if found.unexplained:
        first, shares = found.unexplained[0]
        reasons.append(f"outside its scope is, for one: {first.summary.rstrip('.')}")
        cited += shares
    if not found.confirmed:
        reasons.append("nothing else confirms that the work was done")
    return Clue(
        ClueKind.PLAN_CHECK,
        found.best.ref,
        f"the planned {describe(found.best)} explains {explained} of {total}, but it does not "
        f"excuse the rest: {'; '.join(reasons)}",
        tuple(dict.fromkeys(cited)),
        Signal.CHANGES,
        value=-1.0,
        detail={"fits": False, "confirms": False, "proves": False, "summary": True},
    )
