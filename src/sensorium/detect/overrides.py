"""Some entities pass by rules of their own: quietened, judged more or less strictly, one way only.

Rules are applied to what the gate has judged. What is learned is not changed by them, except that
the scores of what is quiet calibrate nothing: a noisy host must not blunt the gate for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from ipaddress import ip_address

import numpy as np

from sensorium.detect.arrays import I64, Bool
from sensorium.detect.features import FeatureSpec, Scale
from sensorium.detect.gate import Gate, Verdicts
from sensorium.detect.override_config import Direction, Network, OverrideConfig
from sensorium.detect.protocol import Detector, Explanation, Scored, Window

Naming = Callable[[str], str | None]
"""The name of the host with an address, as far as one is known by now."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """Verdicts after the rules; ``quiet`` (n,) are rows that calibrate nothing, ``quietened`` and
    ``added`` count those that the rules kept from passing, and those that pass by them.
    ``held_back`` counts those for which there was no budget, which do not pass either."""

    verdicts: Verdicts
    quiet: Bool
    quietened: int = 0
    added: int = 0
    held_back: int = 0

    def within(self, passing: Bool) -> Overridden:
        """With those that pass in the end."""
        held_back = int((self.verdicts.passed & ~passing).sum())
        if not held_back:
            return self
        return replace(self, verdicts=replace(self.verdicts, passed=passing), held_back=held_back)


@dataclass(frozen=True, slots=True)
class _Rule:
    given: OverrideConfig
    network: Network | None
    detectors: frozenset[str]

    def holds(self, detector: str, told: Explanation, names: Sequence[str]) -> bool:
        """Whether it is about an entity of a detector whose hosts have these names."""
        if detector not in self.detectors:
            return False
        if self.network is not None:
            return any(_within(host, self.network) for host in told.hosts)
        key, match = told.entity.key, self.given.match
        if fnmatchcase(key, match) or fnmatchcase(_bare(key), match):
            return True
        return any(fnmatchcase(name, match.lower()) for name in names)


class Overrides:
    """The rules of the settings, and which of them hold for the entities met so far."""

    def __init__(
        self,
        given: Sequence[OverrideConfig],
        capacity: int,
        naming: Naming = lambda _address: None,
    ) -> None:
        self._naming = naming
        self._by_name = any(each.network is None for each in given)
        self._rules = [_Rule(each, each.network, each.of_detectors) for each in given]
        self._loosest = max((each.pass_rate or 0.0 for each in given), default=0.0)
        self._capacity = capacity
        self._known: dict[tuple[str, int], _Rule | None] = {}

    def apply(
        self, detector: Detector, window: Window, scored: Scored, verdicts: Verdicts, gate: Gate
    ) -> Overridden:
        """Judge again what passed, or would under the loosest rule."""
        quiet = np.zeros(len(scored), np.bool_)
        near = verdicts.passed | (verdicts.probability <= self._loosest)
        concerned = any(detector.name in rule.detectors for rule in self._rules)
        if not concerned or not near.any():
            return Overridden(verdicts, quiet)
        passed, again = verdicts.passed.copy(), _copy(verdicts)
        for row in np.flatnonzero(near).tolist():
            rule = self._rule(detector, window, scored, verdicts, row)
            if rule is None:
                continue
            if rule.given.quiet:
                quiet[row], passed[row] = True, False
                continue
            if rule.given.only is not Direction.BOTH:
                _judge_again(detector, scored, row, rule.given.only, gate, again)
            rate = rule.given.pass_rate
            passed[row] = again.passed[row] if rate is None else again.probability[row] <= rate
        return Overridden(
            verdicts=replace(again, passed=passed),
            quiet=quiet,
            quietened=int((verdicts.passed & ~passed).sum()),
            added=int((passed & ~verdicts.passed).sum()),
        )

    def _rule(
        self, detector: Detector, window: Window, scored: Scored, verdicts: Verdicts, row: int
    ) -> _Rule | None:
        """The first rule that holds for a row's entity; asked of each entity once, and again
        while the names of its hosts are not known, which may come later."""
        key = detector.name, int(scored.keys[row])
        if key in self._known:
            return self._known[key]
        strongest = np.argsort(-verdicts.decades(row), kind="stable").tolist()
        told = detector.explain(window, scored, row, strongest)
        known = [self._naming(host) for host in told.hosts] if self._by_name else []
        names = [form for name in known if name for form in _forms(name)]
        holding = (rule for rule in self._rules if rule.holds(detector.name, told, names))
        found = next(holding, None)
        if all(known):
            if len(self._known) >= self._capacity:
                self._known.clear()
            self._known[key] = found
        return found


def of_rows(scored: Scored, verdicts: Verdicts, kept: Bool) -> tuple[Scored, Verdicts]:
    """Only the rows that are kept of both."""
    return (
        Scored(
            keys=scored.keys[kept],
            values=scored.values[kept],
            expected=scored.expected[kept],
            oddness=scored.oddness[kept],
            places=scored.places[kept],
            strata=scored.strata[kept],
            unmoved=scored.unmoved,
        ),
        Verdicts(
            verdicts.tails[kept],
            verdicts.score[kept],
            verdicts.probability[kept],
            verdicts.passed[kept],
        ),
    )


def _judge_again(
    detector: Detector, scored: Scored, row: int, only: Direction, gate: Gate, out: Verdicts
) -> None:
    """The verdict on a row of which only one direction counts."""
    one: I64 = np.array([row])
    limit = np.maximum if only is Direction.RISES else np.minimum
    oddness = scored.oddness[one]
    signed = np.array([_has_direction(spec) for spec in detector.features])
    oddness = np.where(signed, limit(oddness, 0.0), oddness)
    none = np.zeros(len(scored), np.bool_)
    none[row] = True
    alone, _ = of_rows(scored, out, none)
    verdict = gate.judge(replace(alone, oddness=oddness))
    out.tails[row], out.score[row] = verdict.tails[0], verdict.score[0]
    out.probability[row], out.passed[row] = verdict.probability[0], verdict.passed[0]


def _has_direction(spec: FeatureSpec) -> bool:
    return spec.scale is not Scale.DECADES


def _copy(verdicts: Verdicts) -> Verdicts:
    return Verdicts(
        verdicts.tails.copy(),
        verdicts.score.copy(),
        verdicts.probability.copy(),
        verdicts.passed.copy(),
    )


def _bare(key: str) -> str:
    """A series' name without its labels; other keys as they are."""
    return key.partition("{")[0]


def _forms(name: str) -> tuple[str, str]:
    """A host's name in full and in short, in lower case."""
    full = name.lower()
    return full, full.partition(".")[0]


def _within(host: str, network: Network) -> bool:
    try:
        return ip_address(host.partition("%")[0]) in network
    except ValueError:
        return False
