"""The link fault: an interface that flaps, falls silent, drops packets or is full."""

from __future__ import annotations

from collections import defaultdict

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.naming import count
from sensorium.agent.stories.story import Story, score_of, verdict_of
from sensorium.model.incident import IncidentKind, Severity

_STATE = (ClueKind.LINK_DOWN, ClueKind.ADJACENCY_LOST)
_SIGNS = (*_STATE, ClueKind.INTERFACE_SILENT, ClueKind.DROPS, ClueKind.INTERFACE_SATURATED)


def tell(case: Case) -> Story | None:
    """Collect signs from routers' logs, counters and flows; saturation needs drops beside it."""
    signs = of_kind(case.clues("traffic", "log", "topology"), *_SIGNS)
    state = of_kind(signs, *_STATE)
    full = of_kind(signs, ClueKind.INTERFACE_SATURATED, ClueKind.DROPS)
    if not state and not _saturated(case, full):
        return None
    router = _router(case, state or full)
    port = _port(router, state)
    chain = tuple(sorted(signs, key=lambda c: (c.at_ns, c.kind.value, c.subject, c.text)))
    flaps = max((int(c.value) for c in state if _home(c) == router), default=0)
    where = f"interface {port} of {case.names.short(router)}" if port else case.names.short(router)
    if state:
        happened = f"flapped {count(flaps, 'time')}" if flaps > 1 else "went down"
        title = (
            f"{where[0].upper()}{where[1:]} {happened}" if port else f"A link of {where} {happened}"
        )
    else:
        title = f"A link of {case.names.short(router)} is full and drops packets"
    others = sorted({_home(c) for c in signs} - {router})
    bonus = 3.0 if state else 1.0
    return Story(
        IncidentKind.LINK_FAULT,
        title,
        Severity.HIGH if _dependents(case, router) > 2 or flaps > 2 else Severity.MEDIUM,
        chain,
        (router, *others),
        f"{router}#{port}" if port else router,
        score_of(case, IncidentKind.LINK_FAULT, chain) + bonus,
        verdict_of(chain),
        {"router": router, "port": port, "flaps": flaps, "full": not state},
    )


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


def _dependents(case: Case, router: str) -> int:
    """How many hosts' nearest router it is."""
    for clue in of_kind(case.clues("topology"), ClueKind.CENTRALITY):
        nearest = clue.detail.get("nearest")
        if nearest:
            return len({host for host, exporter, _ in nearest if exporter == router})
    return 0
