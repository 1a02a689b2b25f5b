from __future__ import annotations

import pytest

from sensorium.gateway.failure import FailureKind
from sensorium.gateway.routing.way import Way
from tests.gateway.routing.models import failure, fallback, limits, model, router, way

K = FailureKind


def walked(on: Way, *kinds: FailureKind, now: float = 0.0) -> list[str]:
    """The deployments asked when each attempt fails with the next kind."""
    step = on.next(now)
    labels = []
    for kind in kinds:
        if step is None:
            break
        labels.append(step.deployment.label)
        step = on.next(now, failure(kind))
    if step is not None:
        labels.append(step.deployment.label)
    return labels


def test_every_deployment_of_a_model_is_tried_before_its_fallbacks() -> None:
    two = router(
        model("m", "a", "b", fallbacks=(fallback("spare"),), attempts=5), model("spare", "c")
    )
    asked = walked(way(two, "m"), K.OVERLOADED, K.TIMEOUT)
    assert sorted(asked[:2]) == ["a", "b"]
    assert asked[2] == "c"


@pytest.mark.parametrize(
    ("kind", "goes_to"),
    [(K.CONTEXT_TOO_LONG, "long"), (K.CONTENT_FILTERED, "open"), (K.RATE_LIMITED, "other")],
)
def test_each_kind_of_failure_has_a_chain_of_its_own(kind: FailureKind, goes_to: str) -> None:
    chains = (
        fallback("long", K.CONTEXT_TOO_LONG),
        fallback("open", K.CONTENT_FILTERED),
        fallback("other", K.RATE_LIMITED),
    )
    names = ("long", "open", "other")
    several = router(model("m", "a", fallbacks=chains), *(model(name, name) for name in names))
    assert walked(way(several, "m"), kind) == ["a", goes_to]


def test_a_request_that_does_not_fit_is_not_tried_elsewhere_in_the_group() -> None:
    assert len(walked(way(router(model("m", "a", "b")), "m"), K.CONTEXT_TOO_LONG)) == 1


@pytest.mark.parametrize("kind", [K.BAD_REQUEST, K.TOO_LARGE, K.CANCELLED])
def test_a_failure_of_the_request_itself_ends_it(kind: FailureKind) -> None:
    chain = fallback("spare", *FailureKind)
    two = router(model("m", "a", fallbacks=(chain,)), model("spare", "c"))
    assert walked(way(two, "m"), kind) == ["a"]


def test_a_refused_credential_sends_the_call_elsewhere_but_is_not_tried_again() -> None:
    two = router(model("m", "a", "b"))
    assert sorted(walked(way(two, "m"), K.UNAUTHENTICATED, K.UNAUTHENTICATED)) == ["a", "b"]


def test_attempts_are_counted_across_fallbacks() -> None:
    two = router(
        model("m", "a", "b", attempts=2, fallbacks=(fallback("spare"),)), model("spare", "c")
    )
    assert len(walked(way(two, "m"), K.OVERLOADED, K.OVERLOADED, K.OVERLOADED)) == 2


def test_the_only_deployment_is_asked_again_after_a_pause() -> None:
    on = way(router(model("m", "a")), "m")
    on.next(0)
    again = on.next(0, failure(K.OVERLOADED))
    assert again is not None
    assert again.deployment.label == "a"
    assert 0.125 <= again.wait_s <= 0.25


def test_the_pause_is_the_one_that_the_provider_asked_for() -> None:
    on = way(router(model("m", "a")), "m")
    on.next(0)
    again = on.next(0, failure(K.RATE_LIMITED, 7.5))
    assert again is not None
    assert again.wait_s == 7.5


def test_a_pause_that_the_deadline_has_no_room_for_ends_the_call() -> None:
    on = way(router(model("m", "a", deadline_s=5)), "m")
    on.next(0)
    assert on.next(1, failure(K.RATE_LIMITED, 4.0)) is None


def test_nothing_is_tried_after_the_deadline() -> None:
    on = way(router(model("m", "a", "b", deadline_s=5)), "m")
    on.next(0)
    assert on.next(5, failure(K.OVERLOADED)) is None


def test_a_fallback_that_the_caller_may_not_use_is_passed_over() -> None:
    chain = fallback("secret open", K.OVERLOADED)
    three = router(model("m", "a", fallbacks=(chain,)), model("secret", "s"), model("open", "o"))
    asked = walked(way(three, "m", limits(models=("m", "open"))), K.OVERLOADED)
    assert asked == ["a", "o"]


def test_a_deployment_that_is_forbidden_is_never_asked() -> None:
    two = router(model("m", "a", "b", attempts=5))
    asked = walked(way(two, "m", limits(forbidden=("a",))), K.OVERLOADED, K.OVERLOADED)
    assert set(asked) == {"b"}
    assert way(two, "m", limits(forbidden=("a", "b"))).next(0) is None


def test_fallbacks_do_not_go_in_circles() -> None:
    circle = router(
        model("m", "a", attempts=9, fallbacks=(fallback("n"),)),
        model("n", "b", fallbacks=(fallback("m"),)),
    )
    asked = walked(way(circle, "m"), *[K.UNREACHABLE] * 3)
    assert asked[:2] == ["a", "b"]
    assert set(asked[2:]) == {"b"}
