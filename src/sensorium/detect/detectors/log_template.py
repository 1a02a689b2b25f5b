"""Log templates by sender: how often each occurs, and templates never seen before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count, plain
from sensorium.detect.keys import KeyIndex
from sensorium.detect.logs.mentions import mentioned
from sensorium.detect.logs.templates import Template
from sensorium.detect.logs.window import ERROR, WARN, LogWindow
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, joined, part, taken

FEATURES = (
    count("lines", "logged {} times"),
    plain("novelty", "was never logged before (improbability {})", 0.5, "decades"),
)

# New templates come by the dozen at first and seldom later: what counts is the last ten minutes.
_FADE = 0.5 ** (1 / 20)


class _Novelty:
    """How often a template is new, by severity: to nobody before, or to this sender.

    The chance that the next one is new is the share of new ones so far (Good 1953, Turing).
    """

    def __init__(self, capacity: int) -> None:
        self._anywhere = KeyIndex(capacity)
        self._here = KeyIndex(capacity)
        self._counts = np.zeros((3, 2))

    def decades(self, template: U64, pair: U64, severity: I64) -> F64:
        """How improbable the appearance of each (template, pair) is; 0 where it is known."""
        level = _level(severity)
        seen, new = self._counts[level, 0], self._counts[level, 1]
        chance = (new + 1.0) / (seen + 2.0)
        here = self._here.find(pair) < 0
        anywhere = self._anywhere.find(template) < 0
        return np.where(anywhere, -np.log10(chance), np.where(here, -0.5 * np.log10(chance), 0.0))

    def learn(self, template: U64, pair: U64, severity: I64, now: int) -> None:
        level = _level(severity)
        new = self._anywhere.find(template) < 0
        self._counts *= _FADE
        self._counts[:, 0] += np.bincount(level, minlength=3)
        self._counts[:, 1] += np.bincount(level, new, 3)
        self._anywhere.admit(np.unique(template), now)
        self._here.admit(pair, now)

    def state(self) -> State:
        parts = joined(anywhere=self._anywhere.state(), here=self._here.state())
        return {**parts, "counts": self._counts.copy()}

    def restore(self, state: State) -> None:
        self._anywhere.restore(part(state, "anywhere"))
        self._here.restore(part(state, "here"))
        self._counts = taken(state, "counts", np.float64, 3, 2)


def _level(severity: I64) -> I64:
    return (severity >= WARN).astype(np.int64) + (severity >= ERROR)


class LogTemplateDetector:
    """Scores every template that a sender logged in the window."""

    name = "logs.template"
    kind = EntityKind.LOG_TEMPLATE
    signal = Signal.LOGS
    features = FEATURES

    def __init__(self, config: DetectConfig, template: Callable[[int], Template | None]) -> None:
        """``template`` says what a template id stands for."""
        self._profiles = Profiles(FEATURES, config)
        self._novelty = _Novelty(config.max_entities)
        self._template = template
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per sender and template; ``places`` are rows of the window's groups."""
        if window.logs is None:
            return Scored.nothing(len(FEATURES))
        logs = window.logs
        groups = logs.by_template
        template, severity = groups.first(logs.template), groups.reduce(np.maximum, logs.severity)
        novelty = self._novelty.decades(template, groups.keys, severity)
        values = np.column_stack([groups.sizes(), novelty]).astype(np.float64)
        return self._profiles.score(groups.keys, values, np.arange(len(groups)))

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines; known templates not logged count zero."""
        logs = window.logs
        if logs is None:
            return
        groups = logs.by_template
        severity = groups.reduce(np.maximum, logs.severity)
        self._novelty.learn(groups.first(logs.template), groups.keys, severity, window.index)
        self._profiles.learn(scored, passed, window.index)
        self._profiles.learn_absent(scored.keys, np.zeros(len(FEATURES)))

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the sender and the template, and whom the lines mention."""
        assert window.logs is not None
        logs = window.logs
        lines = _lines(logs, int(scored.places[place]))
        sender = logs.addresses.text(int(logs.sender[lines[0]]))
        template_id = int(logs.template[lines[0]])
        known = self._template(template_id)
        told = "lines of no template" if known is None else known.told
        times = number(scored.values[place, 0])
        expected = number(scored.expected[place, 0])
        first = ", never seen before" if scored.values[place, 1] > 0 else ""
        return Explanation(
            entity=Entity(EntityKind.LOG_TEMPLATE, f"{sender}/{template_id:016x}"),
            hosts=(sender,),
            peers=mentioned(logs, lines, sender),
            summary=(
                f'{sender} logged "{told}" {times} times in {self._seconds} s, '
                f"expected about {expected}{first}"
            ),
        )

    def state(self) -> State:
        """The baselines, and how often templates are new."""
        return joined(profiles=self._profiles.state(), novelty=self._novelty.state())

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._profiles.restore(part(state, "profiles"))
        self._novelty.restore(part(state, "novelty"))

    def entities(self) -> int:
        """Templates of senders remembered."""
        return len(self._profiles)


def _lines(logs: LogWindow, group: int) -> I64:
    """The lines of one group."""
    groups = logs.by_template
    end = groups.starts[group + 1] if group + 1 < len(groups) else len(groups.order)
    return np.asarray(groups.order[groups.starts[group] : end], np.int64)
