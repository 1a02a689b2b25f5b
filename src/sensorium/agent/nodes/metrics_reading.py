"""What changed metrics say: carrier lost, drops, errors, latency, scrapes that failed."""

from __future__ import annotations

import re
from collections import defaultdict

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import clock, count
from sensorium.agent.tools.toolbox import Answer, Row
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal

_DROPS = re.compile(r"drop|discard|overlimits|_errs?_total|ifInErrors|ifOutErrors", re.I)
_CARRIER = re.compile(r"network_carrier$|network_up$")
_FAILURES = re.compile(r"errors?(_.*)?_total$|fail(ed|ures?)(_.*)?_total$", re.I)
_SERVER_ERROR = re.compile(r"(?:status|code)=5\d\d\b")
_TIMES = re.compile(r"(duration|latency|response_time)_seconds_(sum|count)$")
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
)


def _of_row(case: Case, answer: Answer, row: Row, share: float) -> Clue | None:
    name, where = row["name"], _where(case, row)
    label = f" ({row['label']})" if row["label"] else ""
    grown, usual = row["during_high"], row["before"] * share
    if name == "up" and row["samples"] and row["during_low"] == 0 and row["before"] > 0:
        return _clue(
            case, answer, row, kind=ClueKind.SCRAPE_LOST, weight=Weight.SUPPORTING,
            text=f"{where} did not answer its metrics scrape from {_when(row)}",
        )  # fmt: skip
    if _CARRIER.search(name) and row["during_low"] == 0 and row["before"] > 0:
        return _clue(
            case, answer, row, kind=ClueKind.LINK_DOWN, weight=Weight.STRONG,
            text=f"{where} had no carrier{label} when scraped, first at {_when(row)}",
        )  # fmt: skip
    if row["measure"] != "increase" or grown < max(MANY, 5 * usual):
        return None
    if _DROPS.search(name):
        return _clue(
            case, answer, row, kind=ClueKind.DROPS, weight=Weight.SUPPORTING,
            text=f"{where} counted {count(grown, 'packet')} more in {name}{label}, usual are "
            f"{usual:.0f}, from {_when(row)}", value=grown,
        )  # fmt: skip
    if _FAILURES.search(name) or _SERVER_ERROR.search(row["label"]):
        return _clue(
            case, answer, row, kind=ClueKind.SERVICE_ERRORS, weight=Weight.SUPPORTING,
            text=f"{where} counted {count(grown, 'failure')} in {name}{label}, usual are "
            f"{usual:.0f}, from {_when(row)}", value=grown,
        )  # fmt: skip
    return None


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
                f"{base}{shown}, usual are {usual * 1000:,.0f} ms", value=now / max(usual, 1e-6),
            )
        )  # fmt: skip
    return clues


def _where(case: Case, row: Row) -> str:
    return case.names.host(_address(case, row))


def _address(case: Case, row: Row) -> str:
    return case.names.home(row["instance"].rpartition(":")[0].strip("[]"))


def _when(row: Row) -> str:
    return clock(row["first_moved_ns"]) if row["first_moved_ns"] else "the start"


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
    return Clue(
        kind,
        _address(case, row),
        text,
        answer.cite,
        Signal.METRICS,
        weight,
        value=value,
        at_ns=row["first_moved_ns"],
        detail={"metric": row["name"], "label": row["label"]},
    )
