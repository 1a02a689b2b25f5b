"""In processes of their own: what this one collects is conftest's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

_PROGRAM = """
import gc, json, sys, weakref
usual = gc.get_threshold()
from sensorium.process.collecting import leave_what_is_there, look_seldom
look_seldom()
assert gc.get_threshold() > usual
class Ring:
    pass
one = Ring()
one.itself = one
seen = weakref.ref(one)
del one
stays = [[] for _ in range(1000)]
leave_what_is_there(*map(int, sys.argv[1:]))
print(json.dumps([usual, gc.get_threshold(), gc.get_freeze_count(), seen() is None]))
"""


@pytest.mark.parametrize("thresholds", [[], [20_000, 20, 20]])
def test_what_stays_is_left_alone_and_cycles_that_nobody_has_are_not_kept(
    thresholds: list[int],
) -> None:
    told = [sys.executable, "-c", _PROGRAM, *map(str, thresholds)]
    done = subprocess.run(told, capture_output=True, check=True)
    found: Any = json.loads(done.stdout)
    usual, after, frozen, gone = found
    assert after == (thresholds or usual)
    assert frozen > 1000
    assert gone
