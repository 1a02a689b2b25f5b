"""The intrusion: scan, guessing, a login, further hosts, data leaving; any part may be missing."""

from __future__ import annotations

from collections import Counter

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind, of_kind
from sensorium.agent.naming import size
from sensorium.agent.stories.story import Story, score_of, verdict_of
from sensorium.model.incident import IncidentKind, Severity

_ENTRY = (ClueKind.FAN_OUT, ClueKind.AUTH_FAILURES, ClueKind.LOGIN_AFTER_FAILURES)


def tell(case: Case) -> Story | None:
    """Follow the one host that did most of the scanning and guessing to wherever it got."""
    clues = case.clues()
    first = of_kind(clues, *_ENTRY)
    if not first:
        return None
    attacker = _attacker(first)
    chain = [c for c in first if c.subject == attacker]
    taken = {attacker}
    for clue in sorted(of_kind(clues, ClueKind.LOGIN_AFTER_FAILURES, ClueKind.LOGIN), key=_when):
        if clue.subject in taken:
            taken.add(clue.object)
            chain.append(clue)
    pairs = of_kind(clues, ClueKind.NEW_INTERNAL_PAIR)
    chain += [c for c in pairs if c.subject in taken and c.detail.get("access")]
    reached = taken | {c.object for c in chain if c.kind is ClueKind.NEW_INTERNAL_PAIR}
    began = min(c.at_ns for c in chain if c.at_ns) if any(c.at_ns for c in chain) else 0
    volumes = of_kind(clues, ClueKind.OUTBOUND_VOLUME, ClueKind.NEW_EXTERNAL_PAIR)
    out = [c for c in volumes if c.subject in reached and c.at_ns >= began]
    chain += out
    ordered = tuple(dict.fromkeys(sorted(chain, key=_when)))
    return _story(case, attacker, ordered, taken)


def _when(clue: Clue) -> tuple[int, str, str]:
    return clue.at_ns, clue.kind.value, clue.text


def _attacker(clues: tuple[Clue, ...]) -> str:
    votes = Counter(c.subject for c in clues)
    targets = {c.object for c in clues}
    earliest = {c.subject: c.at_ns for c in sorted(clues, key=_when, reverse=True)}
    return min(votes, key=lambda h: (h in targets, -votes[h], earliest[h], h))


def _story(case: Case, attacker: str, chain: tuple[Clue, ...], taken: set[str]) -> Story:
    names = case.names
    logins = of_kind(chain, ClueKind.LOGIN_AFTER_FAILURES, ClueKind.LOGIN)
    guesses = of_kind(chain, ClueKind.AUTH_FAILURES)
    scans = of_kind(chain, ClueKind.FAN_OUT)
    out = of_kind(chain, ClueKind.OUTBOUND_VOLUME)
    entered = list(dict.fromkeys(c.object for c in logins))
    who, parts = names.short(attacker), []
    if scans and not entered:
        parts.append("scanned the network")
    if entered:
        parts.append(f"broke into {' and '.join(names.short(h) for h in entered[:2])}")
    elif guesses:
        parts.append(f"guessed passwords on {names.short(guesses[0].object)}")
    if out:
        parts.append(f"sent {size(out[0].value)} to {names.short(out[0].object)}")
    title = f"{who} " + (", ".join(parts[:-1]) + " and " if len(parts) > 1 else "") + parts[-1]
    outside = list(dict.fromkeys(c.object for c in out))
    hosts = list(dict.fromkeys((attacker, *entered, *(c.subject for c in out), *outside)))
    hosts += [c.object for c in guesses if c.object not in hosts]
    users = sorted({str(c.detail["user"]) for c in logins if c.detail.get("user")})
    return Story(
        IncidentKind.INTRUSION,
        title,
        _severity(bool(entered), bool(out), bool(guesses)),
        chain,
        tuple(hosts),
        attacker,
        score_of(case, IncidentKind.INTRUSION, chain),
        verdict_of(chain),
        {"entered": entered, "outside": outside, "accounts": users, "taken": sorted(taken)},
    )


def _severity(entered: bool, out: bool, guessed: bool) -> Severity:
    if entered or (out and guessed):
        return Severity.CRITICAL
    return Severity.HIGH if guessed or out else Severity.MEDIUM
