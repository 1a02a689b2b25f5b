"""Log lines out of sequence: a line after another that it hardly ever, or never, came after.

The steps between templates are counted, as a Markov chain of the first order (see
:mod:`sensorium.detect.logs.steps`). Where a program's lines come in any order, a new step is
nothing; where one line was followed by the same other hundreds of times, it is a break.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability
from sensorium.detect.groups import Groups
from sensorium.detect.logs.mentions import mentioned
from sensorium.detect.logs.steps import StepBook, Steps
from sensorium.detect.logs.templates import Template
from sensorium.detect.logs.window import LogWindow
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.tail import sigmas
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, joined, part

FEATURES = (improbability("sequence", "came out of sequence (improbability {})"),)


class LogSequenceDetector:
    """Scores every template of a sender by the least probable step that led to it."""

    name = "logs.sequence"
    kind = EntityKind.LOG_TEMPLATE
    signal = Signal.LOGS
    features = FEATURES

    def __init__(self, config: DetectConfig, template: Callable[[int], Template | None]) -> None:
        """``template`` says what a template id stands for."""
        self._template = template
        self._book = StepBook(
            config.max_entities, 0.5 ** (1 / config.calibration_half_life_windows)
        )
        self._latest: tuple[Window, Steps] | None = None

    def score(self, window: Window) -> Scored:
        """One row per sender and template; ``places`` are steps, -1 where none led to it."""
        if window.logs is None:
            return Scored.nothing(1)
        logs = window.logs
        steps, decades = self._steps(window, logs), self._decades(window, logs)
        group = logs.by_template.codes[steps.line]
        odd, place = np.zeros(len(logs.by_template)), np.full(len(logs.by_template), -1)
        order = np.lexsort((steps.keys, -decades, group))
        owners, first = np.unique(group[order], return_index=True)
        odd[owners], place[owners] = decades[order[first]], order[first]
        return Scored(
            keys=logs.by_template.keys,
            values=odd[:, None],
            expected=np.zeros((len(odd), 1)),
            oddness=odd[:, None],
            places=place,
            strata=np.zeros(len(odd), np.int64),
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Count the steps."""
        if window.logs is None:
            return
        steps = self._steps(window, window.logs)
        self._book.learn(window.logs, steps, window.index)
        self._latest = None

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the line, the one it came after, and what comes after that one usually."""
        assert window.logs is not None
        logs = window.logs
        group = int(np.searchsorted(logs.by_template.keys, scored.keys[place]))
        line, step = int(logs.by_template.members(group)[0]), int(scored.places[place])
        sender = logs.addresses.text(int(logs.sender[line]))
        template_id = int(logs.template[line])
        said = f'{sender} logged "{self._told(template_id)}"'
        share, usually = 0.0, 0.0
        if step >= 0:
            steps = self._steps(window, logs)
            said += f' after "{self._told(int(steps.before[step]))}"'
            follows, times, of = self._book.usual(int(steps.origins[step]))
            if follows and of > 0:
                usually = times / of
                said += (
                    f', which "{self._told(follows)}" followed in {usually:.1%} of {of:,.0f} cases'
                )
            share = float(self._book.chance(steps)[step])
        return Explanation(
            entity=Entity(EntityKind.LOG_TEMPLATE, f"{sender}/{template_id:016x}"),
            hosts=(sender,),
            peers=mentioned(logs, logs.by_template.members(group), sender),
            summary=said,
            features=(
                Feature(
                    name="sequence",
                    value=round(float(np.nan_to_num(share)), 6),
                    expected=round(usually, 4),
                    score=sigmas(float(scored.oddness[place, 0])),
                    unit="share",
                ),
            ),
        )

    def state(self) -> State:
        """The steps counted."""
        return joined(book=self._book.state())

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._book.restore(part(state, "book"))
        self._latest = None

    def entities(self) -> int:
        """Steps remembered."""
        return len(self._book)

    def _steps(self, window: Window, logs: LogWindow) -> Steps:
        """The window's steps; found once, until they are learned."""
        if self._latest is None or self._latest[0] is not window:
            self._latest = (window, self._book.of(logs))
        return self._latest[1]

    def _decades(self, window: Window, logs: LogWindow) -> F64:
        """How improbable each step was, among all that were taken from the same place."""
        steps = self._steps(window, logs)
        if not len(steps.line):
            return np.empty(0)
        tries = Groups.of(steps.origins)
        among: I64 = tries.sizes()[tries.codes]
        chance = np.nan_to_num(self._book.chance(steps), nan=1.0)
        return np.asarray(-np.log10(np.minimum(chance * among, 1.0)), np.float64)

    def _told(self, template_id: int) -> str:
        known = self._template(template_id)
        return "lines of no template" if known is None else known.told
