"""river's half-space trees in a process and an environment of its own.

Run as a program, it reads ``{"vectors": [[...], ...], "trees", "height", "window"}``, scores each
vector and then learns it, and prints the scores, the splits it drew, and the seconds of processor
time that it took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

RIVER = "0.26.1"


@dataclass(frozen=True, slots=True)
class Peer:
    """What river said of each vector, with the splits of its trees in the order of a heap."""

    scores: list[float]
    features: list[list[int]]
    thresholds: list[list[float]]
    seconds: float


def score(vectors: list[list[float]], *, trees: int, height: int, window: int) -> Peer:
    """Let river score and learn the vectors one after the other."""
    from benchmarks.peer_environment import peer_python

    asked = {"vectors": vectors, "trees": trees, "height": height, "window": window}
    command = [str(peer_python("river", [f"river=={RIVER}"])), __file__]
    text = json.dumps(asked)
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True)
    return Peer(**json.loads(done.stdout))


def main() -> None:
    """What the peer's own interpreter runs."""
    asked = json.load(sys.stdin)
    model = import_module("river.anomaly").HalfSpaceTrees(
        n_trees=asked["trees"], height=asked["height"], window_size=asked["window"], seed=1
    )
    rows = [dict(enumerate(vector)) for vector in asked["vectors"]]
    scores, began = [], time.process_time()
    for row in rows:
        scores.append(model.score_one(row))
        model.learn_one(row)
    seconds = time.process_time() - began
    splits = [_heap(tree, 2 ** asked["height"] - 1) for tree in model.trees]
    print(
        json.dumps(
            {
                "scores": scores,
                "features": [[node.feature for node in heap] for heap in splits],
                "thresholds": [[node.threshold for node in heap] for heap in splits],
                "seconds": seconds,
            }
        )
    )


def _heap(root: Any, splits: int) -> list[Any]:
    nodes = [root]
    for node in nodes:
        if len(nodes) >= splits:
            break
        nodes += node.children
    return nodes[:splits]


if __name__ == "__main__":
    main()
