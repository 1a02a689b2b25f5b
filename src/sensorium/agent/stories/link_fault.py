"""The link fault: an interface that flaps, falls silent, drops packets or is full."""

from __future__ import annotations

from collections import defaultdict

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.naming import count
from sensorium.agent.ports import about
from sensorium.agent.stories.story import Story, score_of, verdict_of
from sensorium.model.incident import IncidentKind, Severity

_STATE = (ClueKind.LINK_DOWN, ClueKind.ADJACENCY_LOST)
_SIGNS = (*_STATE, ClueKind.INTERFACE_SILENT, ClueKind.DROPS, ClueKind.INTERFACE_SATURATED)


def tell(case: Case) -> Story | None:
    """Collect signs from routers' logs, counters and flows; saturation needs drops beside it."""
    clues = case.clues("traffic", "log", "topology")
    signs = tuple(c for c in of_kind(clues, *_SIGNS) if _concerns(case, c))
    state = of_kind(signs, *_STATE)
    full = of_kind(signs, ClueKind.INTERFACE_SATURATED, ClueKind.DROPS)
    if not state and not _saturated(case, full):
        return None
    deciding = state or of_kind(full, ClueKind.DROPS) or full
    router = _router(case, deciding)
    port = _port(router, deciding)
    if not state:
        signs += of_kind(clues, ClueKind.LARGE_TRANSFER, ClueKind.OUTBOUND_VOLUME)[:3]
    chain = tuple(sorted(signs, key=lambda c: (c.at_ns, c.kind.value, c.subject, c.text)))
    flaps = max((int(c.value) for c in state if _home(c) == router), default=0)
    routers = sorted({_home(c) for c in of_kind(signs, *_SIGNS)} - {router})
    senders = [h for c in chain if "client" in c.detail for h in (c.subject, c.object)]
    return Story(
        IncidentKind.LINK_FAULT,
        _title(case, router, port, flaps if state else -1),
        Severity.HIGH if _behind(case, router, port) > 2 or flaps > 2 else Severity.MEDIUM,
        chain,
        tuple(dict.fromkeys((router, *routers, *(h for h in senders if case.inside(h))))),
        f"{router}#{port}" if port else router,
        score_of(case, IncidentKind.LINK_FAULT, chain) + (3.0 if state else 1.0),
        verdict_of(chain),
        {
            "router": router,
            "port": port,
            "flaps": flaps,
            "full": not state,
            "steady": not any(c.detail.get("lines_after") for c in state),
            "qdisc": _qdisc(signs),
            "last_ns": max((max(c.end_ns, c.at_ns) for c in state), default=0),
        },
    )


def _qdisc(signs: tuple[Clue, ...]) -> str:
    """The queueing discipline that dropped, where the counter names it."""
    for clue in of_kind(signs, ClueKind.DROPS):
        for part in str(clue.detail.get("label", "")).split(","):
            if part.startswith("kind="):
                return part.removeprefix("kind=")
    return ""


def _concerns(case: Case, clue: Clue) -> bool:
    """Whether a sign is about a router of the incident, or a port that its hosts' packets use."""
    if _home(clue) in {*case.routers, *case.focus}:
        return True
    near = of_kind(case.clues("topology"), ClueKind.CENTRALITY)
    return any(clue.subject in c.detail.get("ports", ()) for c in near)


def _title(case: Case, router: str, port: str, flaps: int) -> str:
    """``flaps`` is negative for a link that is full."""
    where = f"Interface {port} of" if port else "A link of"
    if flaps < 0:
        happened = "is full and drops packets"
    else:
        happened = f"flapped {count(flaps, 'time')}" if flaps > 1 else "went down"
    return f"{where} {case.names.short(router)} {happened}"


def _saturated(case: Case, clues: tuple[Clue, ...]) -> bool:
    """Drops beside a ceiling, or drops on a router of an incident grouped as a link fault."""
    drops = of_kind(clues, ClueKind.DROPS)
    ceiling = of_kind(clues, ClueKind.INTERFACE_SATURATED)
    expected = case.incident.kind is IncidentKind.LINK_FAULT
    return bool(drops and (ceiling or expected)) or bool(ceiling and expected)


def _home(clue: Clue) -> str:
    return clue.subject.partition("#")[0]


def _router(case: Case, clues: tuple[Clue, ...]) -> str:
    """The host most of the signs are about; grouping's order breaks a tie."""
    votes: dict[str, float] = defaultdict(float)
    for clue in clues:
        votes[_home(clue)] += max(clue.value, 1.0) if clue.kind in _STATE else 1.0
    order = {host: place for place, host in enumerate(case.focus)}
    return min(votes, key=lambda h: (-votes[h], order.get(h, len(order)), h))


def _port(router: str, clues: tuple[Clue, ...]) -> str:
    votes: dict[str, float] = defaultdict(float)
    for clue in clues:
        if _home(clue) == router and "#" in clue.subject:
            votes[clue.subject.partition("#")[2]] += clue.value
    return min(votes, key=lambda p: (-votes[p], p)) if votes else ""


def _behind(case: Case, router: str, port: str) -> int:
    """How many of our hosts are reached through a port, or through the router at all.

    By flows, or by cables where those know of more: a switch may export nothing.
    """
    clues = of_kind(case.clues("topology"), ClueKind.DEPENDENTS)
    mine = [c for c in clues if "#" in c.subject and _home(c) == router]
    cause = f"{router}#{port}" if port else router
    named = about(mine, cause)
    parted = about(of_kind(case.clues("topology"), ClueKind.CABLED), cause)
    return int(max((c.value for c in (*(named or mine), *parted)), default=0))
