"""From a case and its story to the brief's content: which findings tell what, in what order."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.evidence_rerun import is_intact
from sensorium.agent.ports import about
from sensorium.agent.stories.story import Story
from sensorium.incident.brief import BriefContent
from sensorium.model.action import Action
from sensorium.model.evidence import Evidence, Finding, Weight
from sensorium.model.incident import Incident, IncidentKind

_CONSEQUENCES = (ClueKind.SERVICE_FAILING, ClueKind.SERVICE_ERRORS, ClueKind.SCRAPE_LOST)
_LEAD = 7


def content_of(
    case: Case,
    incident: Incident,
    story: Story | None,
    evidence: Iterable[Evidence],
    *,
    action: Action | None = None,
    approval_id: str = "",
    decision: str = "",
    handover: tuple[str, ...] = (),
) -> BriefContent:
    """Everything the brief says. Evidence whose record was altered is left out, and said so."""
    stored = {e.id: e for e in evidence}
    ordered = [stored[e] for e in case.evidence_ids if e in stored]
    intact = tuple(e for e in ordered if is_intact(e))
    altered = tuple(
        f"{e.id} ({e.title}) was altered after it was stored; it is not used."
        for e in ordered
        if not is_intact(e)
    )
    clues = case.clues()
    told = [*_lead(story), *_partly_planned(clues)] if story else _plan(clues)
    return BriefContent(
        incident=incident,
        hosts=tuple(case.names.host(h) for h in incident.hosts),
        story=tuple(c.finding() for c in told),
        impact=_impact(clues, story),
        findings=_findings(clues, story),
        evidence=intact,
        action=action,
        approval_id=approval_id,
        not_checked=(*notes_of(case), *altered),
        decision=decision,
        handover=handover,
    )


def _lead(story: Story) -> list[Clue]:
    """The chain's strong and supporting clues; of one kind about one subject only the first.

    That two hosts were new to each other goes without saying where a login between them is told.
    """
    seen: set[tuple[ClueKind, str, str]] = set()
    logins = of_kind(story.chain, ClueKind.AUTH_FAILURES, ClueKind.LOGIN)
    known = {(ClueKind.NEW_INTERNAL_PAIR, c.subject, c.object) for c in logins}
    # That a program logged errors goes without saying where what they say is told.
    said = of_kind(story.chain, ClueKind.SERVICE_FAILING, ClueKind.OUT_OF_RESOURCES)
    errors = {(c.object, c.detail.get("app")) for c in said}
    told = []
    for clue in sorted(story.chain, key=lambda c: c.weight is not Weight.STRONG):
        key = (clue.kind, clue.subject, clue.object)
        repeated = clue.kind is ClueKind.SERVICE_ERRORS and (
            (clue.subject, clue.detail.get("app")) in errors
        )
        if clue.weight is not Weight.CONTEXT and key not in seen | known and not repeated:
            seen.add(key)
            told.append(clue)
    told = told[:_LEAD]
    return sorted(told, key=lambda c: (c.at_ns or story.chain[0].at_ns, c.kind.value, c.text))


def _partly_planned(clues: Iterable[Clue]) -> list[Clue]:
    return [c for c in of_kind(clues, ClueKind.PLAN_CHECK) if c.detail.get("summary")]


def _plan(clues: Iterable[Clue]) -> list[Clue]:
    """The checks of a planned incident; what the proof already says is not said twice."""
    checks = of_kind(clues, ClueKind.PLAN_CHECK)
    return [c for c in checks if c.detail.get("fits") and not c.detail.get("proves")]


def _impact(clues: tuple[Clue, ...], story: Story | None) -> tuple[Finding, ...]:
    if story is None:
        return ()
    hosts = set(story.hosts)
    hit = [c for c in of_kind(clues, ClueKind.DEPENDENTS) if _host(c.subject) in hosts]
    order = {host: place for place, host in enumerate(story.hosts)}
    hit.sort(key=lambda c: (order[_host(c.subject)], "/" not in c.subject, c.subject))
    if story.kind is IncidentKind.SERVICE_FAILURE:
        return tuple(c.finding() for c in hit)
    if story.kind is IncidentKind.LINK_FAULT:
        # A router is used by those behind it; whoever logs in to it does not matter here.
        hit = [*about(hit, story.cause)] or [c for c in hit if "#" in c.subject]
        hit += [c for c in of_kind(clues, ClueKind.PATH_SHARE) if c.subject == story.hosts[0]]
        cabled = of_kind(clues, ClueKind.CABLED)
        hit = [*(about(cabled, story.cause) or about(cabled, story.hosts[0]))[:1], *hit]
    harmed = [c for c in of_kind(clues, *_CONSEQUENCES) if c not in story.chain]
    harmed.sort(key=lambda c: (c.weight is not Weight.STRONG, -c.value, c.text))
    return tuple(c.finding() for c in (*harmed[:2], *hit))


def _host(key: str) -> str:
    key = key.partition("#")[0]
    return key.rpartition(":")[0] if "/" in key else key


def _findings(clues: Iterable[Clue], story: Story | None) -> tuple[Finding, ...]:
    """All findings; what is outside the story is context, unless it speaks about the plan."""
    inside = set(story.chain) if story else set()
    clues = tuple(clues)
    cabled = about(of_kind(clues, ClueKind.CABLED), story.cause) if story else ()
    found: dict[str, Finding] = {}
    for clue in clues:
        if story and not _matters(clue, story, cabled):
            continue
        finding = clue.finding()
        if story and clue not in inside and clue.kind is not ClueKind.PLAN_CHECK:
            finding = Finding(
                finding.text,
                finding.evidence_for,
                finding.evidence_against,
                Weight.CONTEXT,
                finding.investigator,
                finding.at_ns,
            )
        found.setdefault(finding.text, finding)
    return tuple(found.values())


def _matters(clue: Clue, story: Story, cabled: tuple[Clue, ...]) -> bool:
    """Whether anyone would miss it: who is behind a port matters where the port is the story.

    ``cabled``: what the cables say of the story's cause.
    """
    if clue.kind is ClueKind.CABLED and "#" in clue.subject:
        return clue in cabled
    if clue.kind is ClueKind.DEPENDENTS and "#" in clue.subject:
        cause = story.cause.partition("#")[0]
        return story.kind is IncidentKind.LINK_FAULT and _host(clue.subject) == cause
    return True


def notes_of(case: Case) -> tuple[str, ...]:
    """What was not examined, in the order of the nodes."""
    stored = case.state.get("notes", {})
    order = ("orchestrate", "was_it_planned", "traffic", "log", "topology", "synthesize", "propose")
    noted = dict.fromkeys(n for node in order for n in stored.get(node, []))
    if not case.left_out:
        return tuple(noted)
    read = len(case.state["anomalies"])
    left_out = f"{case.left_out:,} {'anomaly' if case.left_out == 1 else 'anomalies'}"
    return (f"{left_out} beside the {read:,} most telling ones.", *noted)
