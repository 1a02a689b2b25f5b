"""Senders of logs: how much they say, how much of it is trouble, and how much of it is new."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sensorium.detect.arrays import I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count
from sensorium.detect.keys import KeyIndex
from sensorium.detect.logs.mentions import mentioned
from sensorium.detect.logs.templates import Template
from sensorium.detect.logs.window import ERROR, WARN, LogWindow
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, joined, part

FEATURES = (
    count("lines", "logged {} lines"),
    count("warnings", "logged {} lines of warning or worse"),
    count("errors", "logged {} lines of error or worse"),
    count("templates", "logged {} kinds of line"),
    count("new_templates", "logged {} kinds of line for the first time"),
)
_NEW = 4


class LogHostDetector:
    """Scores every sender of log lines; a sender that said nothing counts zero."""

    name = "logs.host"
    kind = EntityKind.HOST
    signal = Signal.LOGS
    features = FEATURES

    def __init__(self, config: DetectConfig, template: Callable[[int], Template | None]) -> None:
        """``template`` says what a template id stands for."""
        self._profiles = Profiles(FEATURES, config)
        self._seen = KeyIndex(config.max_entities)
        self._template = template
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per sender; ``places`` index the window's addresses."""
        if window.logs is None:
            return Scored.nothing(len(FEATURES))
        logs = window.logs
        m = len(logs.addresses.keys)
        owner = logs.by_template.first(logs.sender)
        columns = [
            np.bincount(logs.sender, minlength=m),
            np.bincount(logs.sender[logs.severity >= WARN], minlength=m),
            np.bincount(logs.sender[logs.severity >= ERROR], minlength=m),
            np.bincount(owner, minlength=m),
            np.bincount(owner[self._new(logs)], minlength=m),
        ]
        values = np.column_stack(columns).astype(np.float64)
        return self._profiles.score(logs.addresses.keys, values, np.arange(m))

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines."""
        if window.logs is None:
            return
        self._seen.admit(window.logs.by_template.keys, window.index)
        self._profiles.learn(scored, passed, window.index)
        self._profiles.learn_absent(scored.keys, np.zeros(len(FEATURES)))

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the sender, its most frequent odd line, and whom those lines mention."""
        assert window.logs is not None
        logs = window.logs
        sender = int(scored.places[place])
        who = logs.addresses.text(sender)
        strongest = features[0]
        lines = self._lines(logs, sender, strongest)
        value, expected = scored.values[place, strongest], scored.expected[place, strongest]
        told = self._most_frequent(logs, lines)
        return Explanation(
            entity=Entity(EntityKind.HOST, who),
            hosts=(who,),
            peers=mentioned(logs, lines, who),
            summary=sentence(who, FEATURES[strongest], value, expected, seconds=self._seconds)
            + (f', most of them "{told}"' if told else ""),
        )

    def state(self) -> State:
        """The baselines, and the templates that each sender is known by."""
        return joined(profiles=self._profiles.state(), seen=self._seen.state())

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._profiles.restore(part(state, "profiles"))
        self._seen.restore(part(state, "seen"))

    def entities(self) -> int:
        """Senders remembered."""
        return len(self._profiles)

    def _new(self, logs: LogWindow) -> Bool:
        return self._seen.find(logs.by_template.keys) < 0

    def _lines(self, logs: LogWindow, sender: int, feature: int) -> I64:
        mine = logs.sender == sender
        name = FEATURES[feature].name
        if name == "warnings":
            mine &= logs.severity >= WARN
        elif name == "errors":
            mine &= logs.severity >= ERROR
        elif feature == _NEW:
            mine &= self._new(logs)[logs.by_template.codes]
        return np.flatnonzero(mine)

    def _most_frequent(self, logs: LogWindow, lines: I64) -> str:
        template, counts = np.unique(logs.template[lines], return_counts=True)
        if not len(template):
            return ""
        known = self._template(int(template[int(np.argmax(counts))]))
        return "" if known is None else known.told
