"""What changed metrics say: carrier lost, drops, errors, latency, scrapes that failed."""

from __future__ import annotations

import re
from collections import defaultdict

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import clock
from sensorium.agent.tools.toolbox import Answer, Row
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

_DROPS = re.compile(r"drop|discard|_errs?_total|ifInErrors|ifOutErrors", re.I)
_CARRIER = re.compile(r"network_carrier$|network_up$")
_FLAPS = re.compile(r"network_carrier_down_changes_total$")
_FAILURES = re.compile(r"errors?(_.*)?_total$|fail(ed|ures?)(_.*)?_total$", re.I)
_SERVER_ERROR = re.compile(r"(?:status|code)=5\d\d\b")
_TIMES = re.compile(r"(duration|latency|response_time)_seconds_(sum|count)$")
_DEVICE = re.compile(r"\bdevice=([\w./-]+)")
_OF_INTERFACES = (ClueKind.LINK_DOWN, ClueKind.DROPS)
MANY = 10


def read_metrics(case: Case, answer: Answer) -> list[Clue]:
    """Clues from :func:`metric_changes`, the strongest kinds first, at most three of a kind."""
    share = case.windows.during.seconds / case.windows.before.seconds
    clues: dict[ClueKind, list[Clue]] = defaultdict(list)
    for row in answer.rows:
        clue = _of_row(case, answer, row, share)
        if clue is not None:
            clues[clue.kind].append(clue)
    for clue in _latency(case, answer):
        clues[clue.kind].append(clue)
    kept = []
    for kind in _ORDER:
        ranked = sorted(clues[kind], key=lambda c: (-c.value, c.subject, c.text))
        kept += ranked[:3]
    return kept


_ORDER = (
    ClueKind.LINK_DOWN,
    ClueKind.SCRAPE_LOST,
    ClueKind.SERVICE_SLOW,
    ClueKind.SERVICE_ERRORS,
    ClueKind.DROPS,
    ClueKind.METRIC_CHANGED,
)


def _of_row(case: Case, answer: Answer, row: Row, share: float) -> Clue | None:
    if row["measure"] == "level":
        return _of_level(case, answer, row)
    return _of_increase(case, answer, row, share)


def _of_level(case: Case, answer: Answer, row: Row) -> Clue | None:
    """A gauge that says "well" with 1 and was 0 for a while: a carrier, a scrape."""
    if not row["samples"] or row["during_low"] != 0 or row["before"] <= 0:
        return None
    where, label = _where(case, row), _label(row)
    if row["name"] == "up":
        return _clue(
            case, answer, row, kind=ClueKind.SCRAPE_LOST, weight=Weight.SUPPORTING,
            text=f"{where} did not answer its metrics scrape{_when(row)}",
        )  # fmt: skip
    if _CARRIER.search(row["name"]):
        return _clue(
            case, answer, row, kind=ClueKind.LINK_DOWN, weight=Weight.STRONG,
            text=f"{where} had no carrier{label} when scraped{_when(row)}", value=1.0,
        )  # fmt: skip
    return None


def _of_increase(case: Case, answer: Answer, row: Row, share: float) -> Clue | None:
    """A counter that grew far more than it usually does in that time."""
    name, grown, usual = row["name"], row["during_high"], row["before"] * share
    flaps = bool(_FLAPS.search(name))
    if grown < max(1 if flaps else MANY, 5 * usual):
        return None
    moved = "" if usual else _when(row)
    text = f"{name}{_label(row)} of {_where(case, row)} rose by {grown:,.0f}{moved}"
    text += f" (usual: {usual:,.0f})"
    kind, weight = ClueKind.METRIC_CHANGED, Weight.CONTEXT
    if flaps:
        kind, weight = ClueKind.LINK_DOWN, Weight.STRONG
    elif _DROPS.search(name):
        much = grown >= max(10 * MANY, 20 * usual)
        kind, weight = ClueKind.DROPS, Weight.STRONG if much else Weight.SUPPORTING
    elif _FAILURES.search(name) or _SERVER_ERROR.search(row["label"]):
        kind, weight = ClueKind.SERVICE_ERRORS, Weight.SUPPORTING
    return _clue(case, answer, row, kind=kind, weight=weight, text=text, value=grown)


def _label(row: Row) -> str:
    return f" ({row['label']})" if row["label"] else ""


def _latency(case: Case, answer: Answer) -> list[Clue]:
    """Mean response times from each histogram's or summary's sum and count."""
    halves: dict[tuple[str, str, str], dict[str, Row]] = defaultdict(dict)
    for row in answer.rows:
        match = _TIMES.search(row["name"])
        if match:
            base = row["name"].removesuffix(f"_{match[2]}")
            halves[row["instance"], base, row["label"]][match[2]] = row
    clues = []
    for (_, base, label), pair in sorted(halves.items()):
        if set(pair) != {"sum", "count"}:
            continue
        total, number = pair["sum"], pair["count"]
        if number["during_high"] < 1 or number["before"] < 5:
            continue
        now = total["during_high"] / number["during_high"]
        usual = total["before"] / number["before"]
        if now < 3 * usual or now < usual + 0.1:
            continue
        shown = f" ({label})" if label else ""
        clues.append(
            _clue(
                case, answer, total, kind=ClueKind.SERVICE_SLOW, weight=Weight.STRONG,
                text=f"{_where(case, total)} took {now * 1000:,.0f} ms on average in "
                f"{base}{shown} (usual: {usual * 1000:,.0f} ms)", value=now / max(usual, 1e-6),
            )
        )  # fmt: skip
    return clues


def _where(case: Case, row: Row) -> str:
    return case.names.host(_address(case, row))


def _address(case: Case, row: Row) -> str:
    return case.names.home(row["instance"].rpartition(":")[0].strip("[]"))


def _when(row: Row) -> str:
    return f" from {clock(row['first_moved_ns'])}" if row["first_moved_ns"] else ""


def _clue(
    case: Case,
    answer: Answer,
    row: Row,
    *,
    kind: ClueKind,
    weight: Weight,
    text: str,
    value: float = 0.0,
) -> Clue:
    device = _DEVICE.search(row["label"])
    address = _address(case, row)
    steady = row["measure"] == "increase" and row["before"] > 0
    return Clue(
        kind,
        f"{address}#{device[1]}" if device and kind in _OF_INTERFACES else address,
        text,
        answer.cite,
        Signal.METRICS,
        weight,
        value=value,
        # When a counter that always grows began to grow faster cannot be told from its sum.
        at_ns=0 if steady else row["first_moved_ns"],
        detail={"metric": row["name"], "label": row["label"]},
    )
