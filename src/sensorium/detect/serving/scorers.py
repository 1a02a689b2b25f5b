"""Which scorers there are, and the one that a request is answered by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.detect.serving.answer import Answer
from sensorium.detect.serving.asked import SERIES, Asked, nearest
from sensorium.detect.serving.refusal import Reason, RefusedError, shown
from sensorium.detect.serving.series import ABOUT, score_series


class Scorers:
    """Answers requests. Safe to be asked by several threads at once."""

    def score(self, asked: Asked) -> Answer:
        """Score the rows; RefusedError where the model is not known or the rows do not fit it."""
        self._known(asked.model)
        return score_series(asked)

    def models(self) -> list[Mapping[str, Any]]:
        """What there is to score with."""
        return [ABOUT]

    def model(self, name: str) -> list[Mapping[str, Any]]:
        """All versions of one model; RefusedError where there is none."""
        self._known(name)
        return [one for one in self.models() if one["name"] == name]

    def _known(self, name: str) -> None:
        names = [SERIES]
        if name not in names:
            raise RefusedError(
                404,
                Reason.UNKNOWN_MODEL,
                f"there is no model {shown(name)}",
                next_step=nearest(name, names, "models"),
            )
