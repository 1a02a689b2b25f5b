"""Fuzz decoders for so many seconds each: ``python -m tests.fuzz [--seconds N] [TARGET ...]``.

Run by ``make fuzz-coverage`` with the environment that has atheris. Each target is a process of
its own with the address sanitizer loaded before it. Corpora and findings are kept in ``.fuzz``.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzz.targets.registry import TARGETS
from tests.fuzz.targets.target import Target

HOME = ROOT / ".fuzz"
_LONGEST_INPUT_S = 120
_MOST_MIB = 4096
_LEFT_S = 300
"""What a target may take beyond its seconds: loading, and the seeds."""
_STATUS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_RUNS = re.compile(r"stat::number_of_executed_units: (\d+)")
_PROBLEM = re.compile(r"^([\w.]*(?:Error|Exception|Warning)\b.*|.*ERROR: .*)$", re.MULTILINE)
_ENVIRONMENT = {
    "NUMBA_DISABLE_JIT": "1",
    # What Python and Arrow keep for themselves the sanitizer would not see.
    "PYTHONMALLOC": "malloc",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=64",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a target's run ended. ``finding`` is empty where nothing was found."""

    target: str
    runs: int
    edges: int
    features: int
    corpus: int
    finding: str


def _options(target: Target, seconds: int) -> list[str]:
    """libFuzzer's, with the folders written that it reads."""
    corpus, seeds = HOME / "corpora" / target.name, HOME / "seeds" / target.name
    for folder in (corpus, seeds, HOME / "findings"):
        folder.mkdir(parents=True, exist_ok=True)
    real = Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data"))
    for number, seed in enumerate(target.seeds(real if real.is_dir() else None)):
        (seeds / f"{number:04}").write_bytes(seed[: target.longest])
    words = HOME / f"{target.name}.words"
    quoted = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in quoted))
    return [
        *(f"-max_total_time={seconds}", f"-timeout={_LONGEST_INPUT_S}"),
        *(f"-rss_limit_mb={_MOST_MIB}", f"-max_len={target.longest}", f"-dict={words}"),
        *("-print_final_stats=1", f"-artifact_prefix={HOME}/findings/{target.name}-"),
        *(str(corpus), str(seeds)),
    ]


def _preloaded() -> str:
    found = find_spec("asan_with_fuzzer")
    if found is None or found.origin is None:
        raise SystemExit("atheris is not installed here; use: make fuzz-coverage")
    return found.origin


def fuzz(target: Target, seconds: int) -> Outcome:
    """Run one target to its end."""
    command = [sys.executable, "-m", "tests.fuzz.one", target.name, *_options(target, seconds)]
    environment = {**os.environ, **_ENVIRONMENT, "LD_PRELOAD": _preloaded()}
    log = HOME / f"{target.name}.log"
    with log.open("w") as output:
        try:
            status = subprocess.run(
                command, check=False, cwd=ROOT, env=environment, stdout=output,
                stderr=subprocess.STDOUT, timeout=seconds + _LEFT_S,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            status = 0  # slow seeds; what was run is in the log
    said = log.read_text(errors="replace")
    edges, features, corpus = map(int, (_STATUS.findall(said) or [(0, 0, 0)])[-1])
    runs = int((_RUNS.findall(said) or [0])[-1])
    finding = (_PROBLEM.findall(said) or [f"exit status {status}: {log}"])[0] if status else ""
    return Outcome(target.name, runs, edges, features, corpus, finding)


def main() -> int:
    """Fuzz, print the table; 1 where anything was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":", 1)[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="how long each is fuzzed")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    outcomes = []
    print(f"{'target':<15}{'runs':>9}{'edges':>8}{'features':>10}{'corpus':>8}  finding")
    for name in options.targets or TARGETS:
        one = fuzz(TARGETS[name], options.seconds)
        numbers = f"{one.runs:>9,}{one.edges:>8,}{one.features:>10,}{one.corpus:>8,}"
        print(f"{one.target:<15}{numbers}  {one.finding or 'none'}", flush=True)
        outcomes.append(one)
    found = [one.target for one in outcomes if one.finding]
    if found:
        print(f"\nthe inputs are in {HOME / 'findings'}; what they led to, in the targets' logs")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
