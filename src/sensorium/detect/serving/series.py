"""The built-in scorer: what ``sensorium detect FILE`` says, of rows that somebody sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sensorium import __version__
from sensorium.detect.serving.answer import Answer, ColumnAnswer, alarm_as_json
from sensorium.detect.serving.asked import SERIES, Asked
from sensorium.detect.serving.refusal import Reason, wrong

if TYPE_CHECKING:
    from sensorium.detect.series.columns import ScoredColumn

ABOUT: Final[dict[str, Any]] = {
    "name": SERIES,
    "version": __version__,
    "kind": "series",
    "state": "built in",
    "features": None,
    "what": "metric series, each row judged by the rows before it; several columns also together",
}


ALARMS_TOLD: Final = 1_000
"""So many alarms of one column, the strongest, are told one by one."""


def score_series(asked: Asked) -> Answer:
    """Score each column, and of several the rows over all of them together."""
    from sensorium.detect.series.columns import score_columns, score_together
    from sensorium.detect.series.detector import history_rows

    if asked.contributions is not None:
        raise wrong(
            Reason.FIELDS,
            "the model 'series' has no contributions",
            "its alarms say in words which columns made a row odd",
        )
    rows = asked.rows
    history = history_rows(rows) if asked.warmup is None else asked.warmup
    if history >= rows:
        raise wrong(
            Reason.HISTORY,
            f"{rows:,} rows: with {history:,} as history none is left to judge",
            "give a smaller warmup",
        )
    columns = dict(asked.columns)
    own = list(score_columns(asked.times, columns, history))
    row = own[0] if len(own) == 1 else score_together(asked.times, columns, history)
    judged = np.isfinite(row.tails)
    judged[:history] = False
    return Answer(
        about={
            "model": SERIES,
            "version": __version__,
            "age_seconds": None,
            "rows": rows,
            "history_rows": history,
            **_told(row),
        },
        score=row.scores,
        tail_probability=row.tails,
        judged=judged,
        columns={
            column.name: ColumnAnswer(
                column.scores,
                column.tails,
                {
                    "missing": column.missing,
                    "counter": column.counter,
                    **_told(column),
                },
            )
            for column in own
        },
    )


def _told(column: ScoredColumn) -> dict[str, Any]:
    """The alarms of a column, in order of rows, and how many weaker ones there are."""
    strongest = sorted(column.alarms, key=lambda alarm: -alarm.score)[:ALARMS_TOLD]
    told = sorted(strongest, key=lambda alarm: alarm.row)
    return {
        "alarms": [alarm_as_json(alarm) for alarm in told],
        "alarms_left_out": len(column.alarms) - len(told),
    }
