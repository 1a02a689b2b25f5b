"""The service failure: whose clients fail, and which dependency at the bottom is itself ill."""

from __future__ import annotations

from collections import defaultdict

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.stories.story import Story, score_of, verdict_of
from sensorium.model.evidence import Weight
from sensorium.model.incident import IncidentKind, Severity

_SIGNS = (
    ClueKind.SERVICE_FAILING,
    ClueKind.SERVICE_QUIET,
    ClueKind.SERVICE_SLOW,
    ClueKind.SERVICE_STOPPED,
    ClueKind.SERVICE_STARTED,
    ClueKind.SERVICE_ERRORS,
    ClueKind.OUT_OF_RESOURCES,
    ClueKind.SCRAPE_LOST,
)
_DIRECT = (
    ClueKind.SERVICE_FAILING,
    ClueKind.SERVICE_STOPPED,
    ClueKind.SERVICE_SLOW,
    ClueKind.OUT_OF_RESOURCES,
)


def tell(case: Case) -> Story | None:
    """Collect the signs, and lay them at the door of the deepest dependency that shows any."""
    signs = of_kind(case.clues("traffic", "log", "topology"), *_SIGNS)
    if not of_kind(signs, *_DIRECT):
        return None
    ill = _ill_hosts(signs)
    cause = _deepest(case, ill)
    service = _service_of(cause, signs)
    chain = tuple(sorted(signs, key=lambda c: (c.at_ns, c.kind.value, c.subject, c.text)))
    names = case.names
    affected = _affected(case, cause, ill)
    what = names.service_short(service) if service else _app_on(case, cause, signs)
    verb = _verb(signs, cause)
    others = [names.short(h) for h in affected[:2]]
    suffix = ""
    if others:
        suffix = f"; {' and '.join(others)} " + ("is" if len(others) == 1 else "are") + " affected"
    return Story(
        IncidentKind.SERVICE_FAILURE,
        f"{what} {verb}{suffix}",
        Severity.HIGH if affected else Severity.MEDIUM,
        chain,
        tuple(dict.fromkeys((cause, *affected))),
        service or cause,
        score_of(case, IncidentKind.SERVICE_FAILURE, chain),
        verdict_of(chain),
        {
            "service": service,
            "host": cause,
            "app": _app_of(cause, signs),
            "affected": affected,
            "recovered": _recovered(signs, cause),
        },
    )


def _host(key: str) -> str:
    return key.rpartition(":")[0] if "/" in key else key


def _ill_hosts(signs: tuple[Clue, ...]) -> dict[str, list[Clue]]:
    """The signs by the host that shows them: a failing service is its server's illness."""
    ill: dict[str, list[Clue]] = defaultdict(list)
    for clue in signs:
        ill[_host(clue.subject)].append(clue)
    return dict(ill)


def _deepest(case: Case, ill: dict[str, list[Clue]]) -> str:
    """The ill host that others which are ill depend on, and that depends on none of them.

    Hosts whose only sign is an error about something else can be victims, not causes; so hosts
    with a direct sign come first, then depth, then the weight of the signs, then time.
    """
    uses = _uses(case, ill)
    direct = {h for h, clues in ill.items() if of_kind(clues, *_DIRECT)}

    def rank(host: str) -> tuple[int, int, int, float, int, str]:
        below = len(uses[host] & direct)
        above = sum(host in uses[other] for other in ill)
        strong = sum(c.weight is Weight.STRONG for c in ill[host])
        stopped = bool(of_kind(ill[host], ClueKind.SERVICE_STOPPED))
        first = min((c.at_ns for c in ill[host] if c.at_ns), default=0)
        return (host not in direct, below, -int(stopped), -above - strong, first, host)

    return min(ill, key=rank)


def _uses(case: Case, ill: dict[str, list[Clue]]) -> dict[str, set[str]]:
    """For each ill host the other ill hosts that it depends on directly."""
    uses: dict[str, set[str]] = {host: set() for host in ill}
    for clue in of_kind(case.clues("topology"), ClueKind.DEPENDENTS):
        server = _host(clue.subject)
        for client in clue.detail.get("direct", ()):
            if client in uses and server in ill and client != server:
                uses[client].add(server)
    for clues in ill.values():
        for clue in of_kind(clues, ClueKind.SERVICE_FAILING):
            server = _host(clue.subject)
            for client in (*clue.detail.get("clients", ()), clue.object):
                if client in uses and client != server:
                    uses[client].add(server)
    return uses


def _service_of(host: str, signs: tuple[Clue, ...]) -> str:
    keys = [
        c.subject
        for c in of_kind(signs, ClueKind.SERVICE_FAILING, ClueKind.SERVICE_QUIET)
        if _host(c.subject) == host
    ]
    weight: dict[str, float] = defaultdict(float)
    for clue in of_kind(signs, ClueKind.SERVICE_FAILING, ClueKind.SERVICE_QUIET):
        weight[clue.subject] += clue.value
    return min(keys, key=lambda k: (-weight[k], k)) if keys else ""


def _verb(signs: tuple[Clue, ...], host: str) -> str:
    mine = [c for c in signs if _host(c.subject) == host]
    if of_kind(mine, ClueKind.SERVICE_FAILING, ClueKind.SERVICE_STOPPED):
        return "failed"
    return "ran out of resources" if of_kind(mine, ClueKind.OUT_OF_RESOURCES) else "slowed down"


def _recovered(signs: tuple[Clue, ...], host: str) -> bool:
    """Whether what was wrong with the host was over when the case was closed."""
    mine = [c for c in signs if _host(c.subject) == host]
    answers = [c.detail["recovered"] for c in mine if "recovered" in c.detail]
    if answers:
        return all(answers)
    ended = of_kind(mine, ClueKind.OUT_OF_RESOURCES)
    return bool(ended) and not any(c.detail.get("lines_after") for c in ended)


def _app_on(case: Case, host: str, signs: tuple[Clue, ...]) -> str:
    app = _app_of(host, signs)
    return f"{app} on {case.names.short(host)}" if app else case.names.short(host)


def _app_of(host: str, signs: tuple[Clue, ...]) -> str:
    """The program on the host whose logs told of it: stops first, then starts, then errors."""
    kinds = (
        ClueKind.SERVICE_STOPPED,
        ClueKind.OUT_OF_RESOURCES,
        ClueKind.SERVICE_STARTED,
        ClueKind.SERVICE_ERRORS,
    )
    for kind in kinds:
        for clue in of_kind(signs, kind):
            if clue.subject == host and clue.detail.get("app"):
                return str(clue.detail["app"])
    return ""


def _affected(case: Case, cause: str, ill: dict[str, list[Clue]]) -> list[str]:
    """Who failed because of it: clients that failed, and ill hosts that depend on the cause."""
    clients: list[str] = []
    for clue in ill.get(cause, []):
        clients += [str(c) for c in clue.detail.get("clients", ())]
    dependents = {
        str(h)
        for clue in of_kind(case.clues("topology"), ClueKind.DEPENDENTS)
        if _host(clue.subject) == cause
        for h in clue.detail.get("all", ())
    }
    clients += sorted(h for h in ill if h in dependents)
    return [h for h in dict.fromkeys(clients) if h != cause]
