"""What set-up compiles is all that a service calls: nothing that comes in waits for a compiler."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest

from sensorium.app.preparation import steps
from sensorium.app.preparation.steps import prepare_decoders

# In a process of its own: in this one other tests have compiled who knows what.
SERVED = """
import sys
from dataclasses import replace
import numpy as np
from sensorium.app.preparation.steps import prepare_decoders
from sensorium.detect import DetectConfig, DetectionEngine
from sensorium.detect import testing as made
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.sessions import Transport, new_session
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_sections import FIELDS, FRAME

def compiled():
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("sensorium."):
            for of in vars(module).values():
                if type(of).__name__ == "CPUDispatcher" and type(of._cache).__name__ != "NullCache":
                    found[of.__module__, of.__name__] = {str(one) for one in of.signatures}
    return found

prepare_decoders()
before = compiled()

sets = (p.a_set(2, p.template(256, FIELDS)),
        p.a_set(256, p.record(FIELDS, 582, 7, 1, 1518, FRAME)))
datagram = p.ipfix(*sets)
decoder = NetflowDecoder(NetflowConfig(max_sources=2), Observe())
for number in [new_session(Transport.TCP) for _ in range(5)]:
    slab = replace(p.slab([datagram, datagram]), session=np.full(2, number))
    assert len(decoder.decode(slab)) == 2
decoder.decode(replace(p.slab([b""]), session=np.array([number])))
NetflowDecoder(NetflowConfig(), Observe()).restore(decoder.state())

rng = np.random.default_rng(1)
seconds, windows = 4800.0, 160
engine = DetectionEngine(DetectConfig(), Observe())
engine.observe(Signal.FLOWS, made.flow_batch(made.everyday(rng, seconds), rng))
beat = [(30.0 * at, "jobs", {"instance": "10.0.0.1:1"}, 50.0 * (at % 10 == 0), "gauge")
        for at in range(windows)]
engine.observe(Signal.METRICS, made.metric_batch(
    [*beat, *made.everyday_metrics(rng, seconds)]))
engine.observe(Signal.LOGS, engine.assign_templates(made.log_batch(
    made.everyday_logs(rng, seconds))))
engine.advance(made.START_NS + int(seconds) * made.NS)
shapes = next(one for one in engine._detectors if one.name == "metrics.shape")
assert shapes.entities() and len(shapes._index), "no series was found to repeat itself"
DetectionEngine(DetectConfig(), Observe()).restore(engine.state())

after = compiled()
late = {name: sorted(of - before.get(name, set())) for name, of in after.items()}
late = {name: of for name, of in late.items() if of}
assert not late, late
print(len(before))
"""


def test_a_running_service_compiles_nothing() -> None:
    command = [sys.executable, "-c", SERVED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_a_service_that_ends_compiles_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    three = [(name, partial(done.append, name)) for name in ("one", "two", "three")]
    monkeypatch.setattr(steps, "decoder_steps", lambda: iter(three))
    prepare_decoders(lambda: len(done) == 2)
    assert done == ["one", "two"]
