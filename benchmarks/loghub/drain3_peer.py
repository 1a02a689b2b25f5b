"""Drain3 in a process and an environment of its own.

Run as a program, it reads ``{"masks": [[pattern, word], ...], "systems": {name: [line, ...]},
"stream": [line, ...]}`` and prints the clusters of the lines of each system, and the seconds of
processor time that the stream took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

DRAIN3 = "0.9.11"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What Drain3 made of the lines."""

    clusters: dict[str, list[int]]
    seconds: float


def parse(systems: dict[str, list[str]], stream: list[str], masks: list[list[str]]) -> Parsed:
    """Let Drain3 read the systems, each from the beginning, and then the stream."""
    from benchmarks.peer_environment import peer_python

    asked = json.dumps({"masks": masks, "systems": systems, "stream": stream})
    command = [str(peer_python("drain3", [f"drain3=={DRAIN3}"])), __file__]
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(done.stdout)
    return Parsed(answer["clusters"], answer["seconds"])


def main() -> None:
    """What the peer's own interpreter runs."""
    asked = json.load(sys.stdin)
    clusters = {}
    for name, lines in asked["systems"].items():
        miner = _miner(asked["masks"])
        clusters[name] = [miner.add_log_message(line)["cluster_id"] for line in lines]
    miner, began = _miner(asked["masks"]), time.process_time()
    for line in asked["stream"]:
        miner.add_log_message(line)
    print(json.dumps({"clusters": clusters, "seconds": time.process_time() - began}))


def _miner(masks: list[list[str]]) -> Any:
    config = import_module("drain3.template_miner_config").TemplateMinerConfig()
    instruction = import_module("drain3.masking").MaskingInstruction
    config.masking_instructions = [instruction(pattern, word) for pattern, word in masks]
    return import_module("drain3").TemplateMiner(config=config)


if __name__ == "__main__":
    main()
