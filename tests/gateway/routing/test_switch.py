from __future__ import annotations

import pytest

from sensorium.gateway.conversation import Format, Tool
from sensorium.gateway.routing.config import SwitchConfig, Task, TaskConfig
from sensorium.gateway.routing.difficulty import difficulty
from tests.gateway.routing.models import asking, model, router

SWITCH = SwitchConfig(
    name="auto",
    tasks=(TaskConfig(task=Task.CODE, model="coder"),),
    normal="small",
    complex="large",
)
ROUTER = router(model("small", "s"), model("large", "l"), model("coder", "c"), switches=(SWITCH,))

EASY = ["What is the capital of France?", "Translate 'good morning' into German.", "hi"]
HARD = [
    "Prove step by step why this design deadlocks, and compare two architectures:\n```go\nmu{}```",
    "Analyse the trade-offs, then plan and evaluate a strategy. Explain why.\n\\frac{a}{b}",
]


@pytest.mark.parametrize("text", EASY)
def test_an_easy_question_goes_to_the_cheap_model(text: str) -> None:
    group, why = ROUTER.resolve(asking(text, "auto"), "", 20)
    assert group.name == "small", why


@pytest.mark.parametrize("text", HARD)
def test_a_hard_question_goes_to_the_strong_model(text: str) -> None:
    group, why = ROUTER.resolve(asking(text, "auto"), "", 200)
    assert group.name == "large", why
    assert why.startswith("auto: difficulty 0.")


def test_a_declared_task_outranks_the_estimate() -> None:
    group, why = ROUTER.resolve(asking(HARD[0], "auto"), "code", 20)
    assert (group.name, why) == ("coder", "auto: task code")


def test_a_task_without_a_model_is_left_to_the_estimate() -> None:
    assert ROUTER.resolve(asking("hi", "auto"), "summarise", 5)[0].name == "small"


def test_a_task_that_is_unknown_is_said_to_be() -> None:
    assert "unknown task" in ROUTER.resolve(asking("hi", "auto"), "dance", 5)[1]


def test_the_estimate_grows_with_each_sign_and_names_it() -> None:
    plain = difficulty(asking("hi"), 10)
    assert (plain.score, plain.signs) == (0, ())
    signs = [
        difficulty(asking("hi"), 64_000),
        difficulty(asking("hi", tools=(Tool("search"),)), 10),
        difficulty(asking("hi", format=Format(schema={"type": "object"})), 10),
        difficulty(asking("hi", reasoning_effort="high"), 10),
        difficulty(asking("def f():\n  pass"), 10),
    ]
    assert all(0 < one.score <= 1 and len(one.signs) == 1 for one in signs)


def test_the_estimate_looks_at_a_bounded_part_of_a_long_request() -> None:
    hidden = difficulty(asking("prove why. " + "x " * 10_000), 10)
    assert hidden.signs == ()
