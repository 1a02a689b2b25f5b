from __future__ import annotations

from dataclasses import replace

from sensorium.incident.brief import BriefContent, render_brief, supported
from sensorium.model.action import Action, RiskTier
from sensorium.model.evidence import Evidence, EvidenceSource, Finding, Weight
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict

START = 1_767_607_200_000_000_000  # 2026-01-05 10:00:00 UTC
MINUTE = 60_000_000_000

INCIDENT = Incident(
    id="INC-0a1b2c3d",
    state=IncidentState.AWAITING_APPROVAL,
    severity=Severity.HIGH,
    verdict=Verdict.LIKELY,
    kind=IncidentKind.INTRUSION,
    title="ws-3 guessed passwords on web",
    start_ns=START,
    end_ns=START + 3 * MINUTE,
    hosts=("10.1.0.13",),
    anomaly_ids=("an-1", "an-2"),
    surprise=20.0,
)
EVIDENCE = Evidence(
    id="E-aaaaaaaaaa",
    incident_id=INCIDENT.id,
    title="failed | accepted logins",
    source=EvidenceSource.TELEMETRY,
    query="SELECT 1 AS events\nFROM logs",
    parameters={"hosts": ["10.1.0.13"], "until_ns": 5},
    columns=("client", "first_ns", "events"),
    rows=(("10.1.0.13", START, 60),),
    row_count=9,
    digest="0" * 64,
)
TOLD = Finding(
    "ws-3 (10.1.0.13) failed 60 logins", ("E-aaaaaaaaaa",), (), Weight.STRONG, "log", START
)
UNTOLD = Finding("a sentence that stands on nothing", ())
INVENTED = Finding("a sentence with an invented citation", ("E-ffffffffff",))
ACTION = Action(
    incident_id=INCIDENT.id,
    connector="manual",
    target="gw2 (10.0.0.2)",
    title="Isolate ws-3 (10.1.0.13)",
    commands=('ssh root@10.0.0.2 "nft add table inet x"',),
    rollback=('ssh root@10.0.0.2 "nft delete table inet x"',),
    risk=RiskTier.MEDIUM,
    rationale="it is where the attack comes from",
)
CONTENT = BriefContent(
    incident=INCIDENT,
    hosts=("ws-3 (10.1.0.13)",),
    story=(TOLD,),
    impact=(),
    findings=(TOLD,),
    evidence=(EVIDENCE,),
    action=ACTION,
    approval_id="A-0123456789",
    not_checked=("Topology was not examined.",),
)


def test_a_sentence_that_cites_no_evidence_is_dropped_wherever_it_stands() -> None:
    both = (TOLD, UNTOLD, INVENTED)
    brief = render_brief(replace(CONTENT, story=both, impact=both, findings=both))
    assert brief.findings == (TOLD,)
    assert brief.dropped == 2
    assert "stands on nothing" not in brief.markdown
    assert "invented" not in brief.markdown
    assert "E-ffffffffff" not in brief.markdown


def test_unknown_evidence_is_struck_from_a_finding_that_has_other_evidence() -> None:
    mixed = replace(
        TOLD,
        evidence_for=("E-aaaaaaaaaa", "E-ffffffffff"),
        evidence_against=("E-eeeeeeeeee", "E-aaaaaaaaaa"),
    )
    (kept,) = supported((mixed,), ("E-aaaaaaaaaa",))
    assert kept.evidence_for == ("E-aaaaaaaaaa",)
    assert kept.evidence_against == ("E-aaaaaaaaaa",)


def test_a_brief_says_what_happened_first_and_how_to_decide() -> None:
    lines = render_brief(CONTENT).markdown.splitlines()
    assert lines[0] == "# INC-0a1b2c3d: ws-3 guessed passwords on web"
    assert lines[2] == (
        "**Severity** high, **verdict** likely, **state** awaiting approval, **kind** intrusion."
    )
    assert lines[3] == "2026-01-05 10:00:00 to 10:03:00 UTC, 2 anomalies."
    assert "1. ws-3 (10.1.0.13) failed 60 logins [E-aaaaaaaaaa]" in lines
    assert "sensorium approval approve A-0123456789" in lines
    assert 'sensorium approval reject A-0123456789 --reason "..."' in lines
    assert 'ssh root@10.0.0.2 "nft delete table inet x"' in lines
    assert f"- SHA-256 of exactly this: `{ACTION.digest}`" in lines
    assert "Sensorium has executed nothing, and approving executes nothing." in lines
    assert "- Topology was not examined." in lines


def test_evidence_is_given_with_its_exact_query_and_how_to_ask_again() -> None:
    text = render_brief(CONTENT).markdown
    assert '-- hosts = ["10.1.0.13"]\n-- until_ns = 5\nSELECT 1 AS events\nFROM logs\n```' in text
    assert "`sensorium evidence show E-aaaaaaaaaa`" in text
    assert "| E-aaaaaaaaaa | failed \\| accepted logins | 9 | yes |" in text
    assert "client=10.1.0.13 first=10:00:00 events=60\n(8 more rows)" in text


def test_evidence_against_a_finding_is_told_apart_from_evidence_for_it() -> None:
    against = replace(TOLD, evidence_against=("E-aaaaaaaaaa",))
    text = render_brief(replace(CONTENT, findings=(against,))).markdown
    assert "[E-aaaaaaaaaa] against: [E-aaaaaaaaaa]" in text


def test_a_long_story_still_leaves_room_for_the_impact_and_the_decision() -> None:
    many = tuple(replace(TOLD, text=f"{i}: " + "something happened " * 9) for i in range(40))
    brief = render_brief(replace(CONTENT, story=many, impact=many, findings=many)).markdown
    first = brief.split("## Timeline")[0].splitlines()
    assert len(first) <= 40
    assert max(map(len, first)) <= 100
    assert any("more: see the timeline" in line for line in first)
    assert any("sensorium approval approve A-0123456789" in line for line in first)


def test_the_timeline_is_in_order_and_keeps_to_what_has_a_moment_and_a_weight() -> None:
    later = replace(TOLD, text="later thing", at_ns=START + MINUTE)
    never = replace(TOLD, text="timeless thing", at_ns=0)
    context = replace(TOLD, text="mere context", weight=Weight.CONTEXT)
    text = render_brief(replace(CONTENT, findings=(later, never, TOLD, context))).markdown
    timeline = text.split("## Timeline")[1].split("## Findings")[0]
    assert [line for line in timeline.splitlines() if line] == [
        "- 10:00:00 ws-3 (10.1.0.13) failed 60 logins [E-aaaaaaaaaa]",
        "- 10:01:00 later thing [E-aaaaaaaaaa]",
    ]


def test_a_planned_incident_gives_its_proof_and_asks_for_nothing() -> None:
    planned = replace(
        INCIDENT,
        state=IncidentState.AUTO_RESOLVED,
        verdict=Verdict.PLANNED,
        proof="calendar backup-1, 212 MB to vault:22 (E-aaaaaaaaaa)",
    )
    text = render_brief(replace(CONTENT, incident=planned, action=None, approval_id="")).markdown
    assert "Planned: calendar backup-1, 212 MB to vault:22 (E-aaaaaaaaaa)." in text
    assert "Nothing to do: the incident is closed with this proof." in text
    assert "approval approve" not in text


def test_without_any_evidence_a_brief_says_so_plainly() -> None:
    empty = replace(CONTENT, story=(UNTOLD,), findings=(UNTOLD,), evidence=(), action=None)
    text = render_brief(empty).markdown
    assert "Nothing that evidence supports can be said yet." in text
    assert "None that cites evidence." in text
    assert "a person has to look" in text


def test_an_impact_is_told_in_whole_sentences_and_says_how_many_are_left_out() -> None:
    hosts = ", ".join(f"host-{n} (10.1.0.{n})" for n in range(20))
    impact = tuple(replace(TOLD, text=f"{i}: reached by {hosts}") for i in range(3))
    text = render_brief(replace(CONTENT, impact=impact, findings=impact)).markdown
    told = text.split("## Impact")[1].split("**Proposed")[0].strip().splitlines()
    assert len(told) <= 8
    assert told[0].startswith("- 0: reached by")
    assert told[-2].endswith("[E-aaaaaaaaaa]")
    assert told[-1] == "- 2 more: see the findings."
