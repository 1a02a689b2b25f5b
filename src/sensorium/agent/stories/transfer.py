"""The large transfer: much data between two hosts, with nothing else to explain it."""

from __future__ import annotations

from sensorium.agent.case import Case
from sensorium.agent.clue import ClueKind, of_kind
from sensorium.agent.naming import size
from sensorium.agent.stories.story import Story, score_of, verdict_of
from sensorium.model.incident import IncidentKind, Severity


def tell(case: Case) -> Story | None:
    """Take the largest; leaving the network weighs more than staying inside."""
    found = of_kind(
        case.clues("traffic", "log", "topology"), ClueKind.OUTBOUND_VOLUME, ClueKind.LARGE_TRANSFER
    )
    if not found:
        return None
    chain = tuple(sorted(found, key=lambda c: (-c.value, c.subject, c.object, c.text)))
    top, names = chain[0], case.names
    outbound = any(c.kind is ClueKind.OUTBOUND_VOLUME for c in chain)
    return Story(
        IncidentKind.BULK_TRANSFER,
        f"{names.short(top.subject)} sent {size(top.value)} to {names.short(top.object)}",
        Severity.MEDIUM if outbound else Severity.LOW,
        chain,
        tuple(dict.fromkeys((top.subject, top.object))),
        top.subject,
        score_of(case, IncidentKind.BULK_TRANSFER, chain),
        verdict_of(chain),
        {"receiver": top.object, "port": top.detail.get("port", ""), "outbound": outbound},
    )
