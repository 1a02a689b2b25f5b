"""In processes of their own: what this one collects is conftest's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_PROGRAM = """
import gc, json
usual = gc.get_threshold()
from sensorium.collecting import collect_seldom, leave_what_is_there
collect_seldom()
seldom = gc.get_threshold()
class Ring:
    pass
def ring():
    one = Ring()
    one.itself = one
    return gc.is_tracked(one)
stays = [[] for _ in range(1000)]
ring()
leave_what_is_there(*{given})
rings = sum(isinstance(one, Ring) for one in gc.get_objects())
print(json.dumps([usual, seldom, gc.get_threshold(), gc.get_freeze_count(), rings]))
"""


def told(given: str) -> Any:
    program = _PROGRAM.replace("{given}", given)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_after_a_start_the_usual_thresholds_hold_and_what_stays_is_left_alone() -> None:
    usual, seldom, after, frozen, rings = told("()")
    assert after == usual
    assert seldom[0] > usual[0]
    assert frozen > 1000
    assert rings == 0, "a cycle that nobody had was not kept for ever"


def test_a_program_may_have_thresholds_of_its_own() -> None:
    assert told("((20_000, 20, 20),)")[2] == [20_000, 20, 20]
