from __future__ import annotations

from random import Random

import pytest

from sensorium.gateway.failure import FailureKind
from sensorium.gateway.routing.breaker import Breaker, Standing
from tests.gateway.routing.models import COOLDOWN, fail, failure, group, named

OVERLOADED = failure(FailureKind.OVERLOADED)


def opened_at(now: float) -> Breaker:
    breaker = Breaker(COOLDOWN)
    for _ in range(COOLDOWN.failures):
        breaker.began(now)
        breaker.failed(OVERLOADED, now, may_open=True)
    return breaker


def test_a_deployment_is_left_alone_after_several_failures_of_one_kind() -> None:
    breaker = Breaker(COOLDOWN)
    assert not breaker.failed(OVERLOADED, 0, may_open=True)
    assert not breaker.failed(failure(FailureKind.TIMEOUT), 0, may_open=True)
    assert breaker.standing(0) is Standing.READY
    assert breaker.failed(OVERLOADED, 1, may_open=True)
    assert breaker.standing(1) is Standing.COOLING
    assert breaker.reasons == (FailureKind.OVERLOADED,)


def test_failures_far_apart_are_not_in_a_row() -> None:
    breaker = Breaker(COOLDOWN)
    breaker.failed(OVERLOADED, 0, may_open=True)
    assert not breaker.failed(OVERLOADED, COOLDOWN.window_s + 1, may_open=True)


def test_after_its_cooldown_a_deployment_gets_one_call_and_no_second() -> None:
    breaker = opened_at(0)
    assert breaker.standing(9) is Standing.COOLING
    assert breaker.standing(10) is Standing.PROBING
    breaker.began(10)
    assert breaker.standing(10) is Standing.COOLING
    breaker.succeeded()
    assert breaker.standing(10) is Standing.READY


def test_a_probe_that_fails_doubles_the_cooldown_up_to_the_longest() -> None:
    breaker = opened_at(0)
    now, lasted = 10.0, []
    for _ in range(4):
        breaker.began(now)
        breaker.failed(OVERLOADED, now, may_open=True)
        lasted.append(breaker.until - now)
        now = breaker.until
    assert lasted == [20, 40, 40, 40]


def test_a_probe_whose_caller_left_says_nothing_and_makes_room_for_another() -> None:
    breaker = opened_at(0)
    breaker.began(10)
    breaker.released()
    assert breaker.standing(10) is Standing.PROBING


def test_a_probe_that_never_comes_back_does_not_hold_the_door_forever() -> None:
    breaker = opened_at(0)
    breaker.began(10)
    assert breaker.standing(10 + COOLDOWN.longest_s) is Standing.PROBING


@pytest.mark.parametrize(("asked", "lasts"), [(3, 10), (25, 25), (1e9, 40)])
def test_what_a_provider_asks_for_is_waited_for_within_reason(asked: float, lasts: float) -> None:
    breaker = Breaker(COOLDOWN)
    breaker.failed(failure(FailureKind.RATE_LIMITED, asked), 0, may_open=True)
    assert breaker.until == lasts


@pytest.mark.parametrize("kind", [FailureKind.UNAUTHENTICATED, FailureKind.NOT_FOUND])
def test_a_deployment_that_is_set_up_wrongly_is_left_alone_at_once(kind: FailureKind) -> None:
    breaker = Breaker(COOLDOWN)
    assert breaker.failed(failure(kind), 0, may_open=True)


@pytest.mark.parametrize(
    "kind",
    [
        FailureKind.BAD_REQUEST,
        FailureKind.CONTEXT_TOO_LONG,
        FailureKind.CONTENT_FILTERED,
        FailureKind.TOO_LARGE,
    ],
)
def test_a_callers_mistake_says_nothing_about_the_deployment(kind: FailureKind) -> None:
    breaker = Breaker(COOLDOWN)
    for _ in range(10):
        breaker.failed(failure(kind), 0, may_open=True)
    assert breaker.standing(0) is Standing.READY


def test_the_last_deployment_that_is_well_is_never_left_alone() -> None:
    both = group("a", "b")
    for _ in range(5):
        fail(both, "a", FailureKind.SERVER_ERROR, 0)
    assert named(both, "a").breaker.standing(0) is Standing.COOLING
    for _ in range(5):
        fail(both, "b", FailureKind.SERVER_ERROR, 0)
        fail(both, "b", FailureKind.UNAUTHENTICATED, 0)
    assert named(both, "b").breaker.standing(0) is Standing.READY
    chosen = both.choose(1, Random(0))
    assert chosen is not None
    assert chosen.deployment.label == "b"


def test_the_one_deployment_of_a_model_is_called_however_often_it_fails() -> None:
    one = group("a")
    for _ in range(9):
        fail(one, "a", FailureKind.UNREACHABLE, 0)
    assert one.choose(0, Random(0)) is not None
