"""The brief: what a person reads about an incident, in Markdown, one screen first.

It is a function of its content alone: event times only, no paths, no clock. A finding that
cites no evidence of this incident is dropped here, whoever wrote it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sensorium.model.action import Action
from sensorium.model.evidence import Evidence, Finding, Weight
from sensorium.model.incident import Incident, IncidentState, Verdict

WIDTH = 100
SCREEN = 40
_SECOND_NS = 1_000_000_000
_MOST_ROWS = 6
_MOST_HOSTS = 6
_MOST_IMPACT = 3
_IMPACT_LINES = 8
_WEIGHT_ORDER = {Weight.STRONG: 0, Weight.SUPPORTING: 1, Weight.CONTEXT: 2}


@dataclass(frozen=True, slots=True)
class BriefContent:
    """Everything a brief says.

    ``story`` tells what happened, in order; ``impact`` who is affected; ``findings`` is all that
    was found, the story's among it. ``hosts`` are labels, ``ws-3 (10.1.2.3)``. ``decision`` is a
    sentence on what a person decided, ``handover`` the lines handed to them.
    """

    incident: Incident
    hosts: tuple[str, ...]
    story: tuple[Finding, ...]
    impact: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    action: Action | None = None
    approval_id: str = ""
    not_checked: tuple[str, ...] = ()
    decision: str = ""
    handover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedBrief:
    """The Markdown, the findings that were kept and how many were dropped for citing nothing."""

    markdown: str
    findings: tuple[Finding, ...]
    dropped: int


def render_brief(content: BriefContent) -> RenderedBrief:
    """Write the brief; what cites no evidence in ``content.evidence`` is left out."""
    known = {e.id for e in content.evidence}
    findings = supported(content.findings, known)
    cited = replace(
        content,
        story=supported(content.story, known),
        impact=supported(content.impact, known),
        findings=findings,
    )
    lines = [
        *_first_screen(cited),
        *_timeline(findings),
        *_findings(findings),
        *_proposal(cited),
        *_decision(cited),
        *_evidence(cited),
        *_not_checked(cited.not_checked),
    ]
    dropped = len(content.findings) - len(findings)
    return RenderedBrief("\n".join(lines).rstrip("\n") + "\n", findings, dropped)


def supported(findings: Iterable[Finding], known: Iterable[str]) -> tuple[Finding, ...]:
    """The findings that cite at least one known evidence, with only what is known cited."""
    ids = set(known)
    kept = []
    for finding in findings:
        for_ids = tuple(e for e in finding.evidence_for if e in ids)
        against = tuple(e for e in finding.evidence_against if e in ids)
        if for_ids:
            kept.append(replace(finding, evidence_for=for_ids, evidence_against=against))
    return tuple(kept)


def _first_screen(content: BriefContent) -> list[str]:
    incident = content.incident
    # A heading is one line in Markdown, so it is cut and not wrapped.
    head = [textwrap.shorten(f"# {incident.id}: {incident.title}", WIDTH, placeholder=" ...")]
    state = incident.state.value.replace("_", " ")
    kind = incident.kind.value.replace("_", " ")
    count = len(incident.anomaly_ids)
    lines = [
        *head,
        "",
        *_wrap(
            f"**Severity** {incident.severity.value}, **verdict** {incident.verdict.value}, "
            f"**state** {state}, **kind** {kind}."
        ),
        f"{_utc(incident.start_ns)} to {_clock(incident.end_ns)} UTC, "
        f"{count} {'anomaly' if count == 1 else 'anomalies'}.",
    ]
    if content.hosts:
        more = len(content.hosts) - _MOST_HOSTS
        shown = ", ".join(content.hosts[:_MOST_HOSTS])
        lines += _wrap(f"Hosts: {shown}" + (f" and {more} more." if more > 0 else "."))
    tail = ["", "## Impact", "", *_impact(content), "", *_next_step(content), ""]
    lines += ["", "## What happened", ""]
    room = SCREEN - len(lines) - len(tail)
    return [*lines, *_story(content, room), *tail]


def _story(content: BriefContent, room: int) -> list[str]:
    lines: list[str] = []
    if content.incident.verdict is Verdict.PLANNED:
        lines += [*_wrap(f"Planned: {content.incident.proof}."), ""]
        room -= len(lines)
    if not content.story and not lines:
        return ["Nothing that evidence supports can be said yet."]
    number = 0
    for number, finding in enumerate(content.story, 1):
        item = _wrap(f"{number}. {_sentence(finding)}", "   ")
        left = len(content.story) - number
        if len(item) > room - (1 if left else 0):
            lines.append(f"{number}. {left + 1} more: see the timeline.")
            return lines
        lines += item
        room -= len(item)
    return lines


def _impact(content: BriefContent) -> list[str]:
    if content.incident.verdict is Verdict.PLANNED:
        return ["None beyond what was announced."]
    if not content.impact:
        return ["No other host was seen to depend on what is affected."]
    lines: list[str] = []
    for shown, finding in enumerate(content.impact):
        item = _wrap(f"- {_sentence(finding)}", "  ")
        left = len(content.impact) - shown
        room = _IMPACT_LINES - len(lines) - (1 if left > 1 else 0)
        if shown == _MOST_IMPACT or len(item) > room:
            return [*lines, f"- {left} more: see the findings."]
        lines += item
    return lines


def _next_step(content: BriefContent) -> list[str]:
    action, state = content.action, content.incident.state
    if content.incident.verdict is Verdict.PLANNED:
        return ["Nothing to do: the incident is closed with this proof."]
    if action is None:
        return _wrap("**Next:** a person has to look; the evidence carries no proposal.")
    if state is not IncidentState.AWAITING_APPROVAL:
        return _wrap(f"**Decision:** {content.decision or 'none yet'}")
    return [
        *_wrap(f"**Proposed:** {action.title}; risk {action.risk.value}."),
        f"**Approve** (commands below): `sensorium approval approve {content.approval_id}`",
    ]


def _timeline(findings: Sequence[Finding]) -> list[str]:
    placed = sorted(
        (f for f in findings if f.at_ns and f.weight is not Weight.CONTEXT),
        key=lambda f: (f.at_ns, f.investigator, f.text),
    )
    if not placed:
        return []
    lines = ["## Timeline", ""]
    for finding in placed:
        when = _clock(finding.at_ns)
        text = f"- {when} {_short(finding.text, when)} {_cites(finding)}"
        lines += _wrap(text, "  ")
    return [*lines, ""]


def _findings(findings: Sequence[Finding]) -> list[str]:
    lines = ["## Findings", ""]
    if not findings:
        return [*lines, "None that cites evidence.", ""]
    for finding in sorted(findings, key=lambda f: _WEIGHT_ORDER[f.weight]):
        lines += _wrap(f"- {finding.weight.value}: {_sentence(finding)}", "  ")
    return [*lines, ""]


def _proposal(content: BriefContent) -> list[str]:
    action = content.action
    if action is None:
        return []
    lines = ["## Proposed mitigation", "", *_wrap(f"**{action.title}**"), ""]
    lines += _wrap(f"- Target: {action.target}", "  ")
    lines += _wrap(f"- Risk: {action.risk.value}", "  ")
    lines += _wrap(f"- Why: {action.rationale}", "  ")
    lines += [f"- SHA-256 of exactly this: `{action.digest}`", ""]
    lines += ["Commands, for a person to run:", "", "```sh", *action.commands, "```", ""]
    if action.rollback:
        lines += ["Rollback:", "", "```sh", *action.rollback, "```", ""]
    else:
        lines += ["Rollback: nothing to undo.", ""]
    if content.incident.state is IncidentState.AWAITING_APPROVAL and content.approval_id:
        lines += [
            "Decide, once:",
            "",
            "```sh",
            f"sensorium approval approve {content.approval_id}",
            f'sensorium approval reject {content.approval_id} --reason "..."',
            "```",
            "",
        ]
    return [*lines, *_wrap("Sensorium has executed nothing, and approving executes nothing."), ""]


def _decision(content: BriefContent) -> list[str]:
    if not content.decision:
        return []
    lines = ["## Decision", "", *_wrap(content.decision), ""]
    for line in content.handover:
        lines += _wrap(line)
    return [*lines, ""] if content.handover else lines


def _evidence(content: BriefContent) -> list[str]:
    if not content.evidence:
        return []
    cited = {e for f in content.findings for e in (*f.evidence_for, *f.evidence_against)}
    lines = ["## Evidence", "", "| id | what was asked | rows | cited |", "|---|---|---|---|"]
    for evidence in content.evidence:
        mark = "yes" if evidence.id in cited else "no"
        lines.append(f"| {evidence.id} | {_cell(evidence.title)} | {evidence.row_count} | {mark} |")
    lines += ["", "Each can be asked again: `sensorium evidence show ID`.", ""]
    for evidence in content.evidence:
        lines += _one_evidence(evidence)
    return lines


def _one_evidence(evidence: Evidence) -> list[str]:
    lines = [*_wrap(f"### {evidence.id}: {evidence.title}"), ""]
    rows = [dict(zip(evidence.columns, row, strict=True)) for row in evidence.rows[:_MOST_ROWS]]
    if rows:
        lines += ["```", *(_row(row) for row in rows)]
        if evidence.row_count > len(rows):
            lines.append(f"({evidence.row_count - len(rows)} more rows)")
        lines += ["```", ""]
    lines += [f"`sensorium evidence show {evidence.id}`", "", "```sql"]
    for name in sorted(evidence.parameters):
        value = json.dumps(evidence.parameters[name], ensure_ascii=False, sort_keys=True)
        lines.append(f"-- {name} = {value}")
    return [*lines, *evidence.query.splitlines(), "```", ""]


def _row(row: Mapping[str, object]) -> str:
    parts = []
    for name, value in row.items():
        if name.endswith("_ns") and isinstance(value, int):
            if value:
                parts.append(f"{name.removesuffix('_ns')}={_clock(value)}")
        elif value not in ("", None):
            parts.append(f"{name}={value}")
    text = " ".join(" ".join(parts).replace("`", "'").split())
    return text if len(text) <= 240 else text[:237] + "..."


def _not_checked(notes: Sequence[str]) -> list[str]:
    lines = ["## Not checked", ""]
    standing = "What was inside the connections: flow records carry no content."
    for note in dict.fromkeys((*notes, standing)):
        lines += _wrap(f"- {note}", "  ")
    return lines


def _sentence(finding: Finding) -> str:
    return f"{finding.text.rstrip('.')} {_cites(finding)}"


def _cites(finding: Finding) -> str:
    cites = " ".join(f"[{e}]" for e in finding.evidence_for)
    if finding.evidence_against:
        cites += " against: " + " ".join(f"[{e}]" for e in finding.evidence_against)
    return cites


def _short(text: str, when: str) -> str:
    """The sentence's head, without the time that the line begins with."""
    text = text.replace(f" from {when} to ", " until ").replace(f" from {when}", "")
    text = text.replace(f" at {when}", "")
    for mark in ("; ", ": "):
        head = text.partition(mark)[0]
        if 30 <= len(head) <= 120 and head.count("(") == head.count(")"):
            return head
    return text if len(text) <= 120 else text[:117].rsplit(" ", 1)[0] + "..."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _utc(ns: int) -> str:
    return datetime.fromtimestamp(ns // _SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _clock(ns: int) -> str:
    return datetime.fromtimestamp(ns // _SECOND_NS, UTC).strftime("%H:%M:%S")
