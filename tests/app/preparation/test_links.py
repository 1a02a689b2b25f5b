"""Set-up compiles all that a request about links calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch_geometric")

# In a process of its own: in this one other tests have compiled who knows what.
ASKED = """
import sys
from pathlib import Path
from sensorium.app.preparation.links import prepare_links

def compiled():
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("sensorium.links."):
            for at, of in vars(module).items():
                if type(of).__name__ == "CPUDispatcher":
                    found[of.__module__, of.__name__] = {str(one) for one in of.signatures}
    return found

prepare_links()
before = compiled()
assert "torch" not in sys.modules
import torch
torch.set_num_threads(1)
from sensorium.links.serving.served import load_served
from tests.links.untrained import World, saved, world
of = world()
for n, made in enumerate((World(of.graph, of.names, None), of)):
    recommender = load_served(saved(Path(sys.argv[1]) / str(n), made)).recommender
    recommender.recommend("person 3", 5)
    recommender.score([("person 1", "person 2")])
    recommender.explain("person 1", "person 2")
    recommender.welcome(["person 1"], ["feature 2"] if n else [], 5)
after = compiled()
late = {name: sorted(of - before.get(name, set())) for name, of in after.items()}
late = {name: of for name, of in late.items() if of}
assert not late, late
print(sorted(name for _, name in before))
"""


def test_the_first_request_about_links_compiles_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "'tell'" in done.stdout
