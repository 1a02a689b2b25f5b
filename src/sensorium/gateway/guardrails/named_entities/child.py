"""The process of a recogniser: ``python -m sensorium.gateway.guardrails.named_entities.child``.

The first line of standard input says what to find (JSON); it is answered with ``{}``, or with
``error`` and ``next_step``. Then each line is a list of texts, and is answered with ``found``, a
list of lists of ``[start, end, label]``, and ``refused``, how often it tried until now what it may
not: it can reach no network and start no process. It ends when standard input is closed, which
happens when its parent ends, however that ends.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from sensorium.gateway.guardrails.named_entities.recogniser import Recogniser, UnusableError
from sensorium.gateway.guardrails.named_entities.refusing import Refusing


def _made(line: str) -> tuple[Recogniser | None, dict[str, Any]]:
    try:
        return Recogniser(**json.loads(line)), {}
    except UnusableError as error:
        return None, {"error": error.message, "next_step": error.next_step}
    except Exception as error:  # noqa: BLE001  whatever it is, the parent is told
        return None, {"error": f"{type(error).__name__}: {error}"[:300]}


def main() -> None:
    """Answer until standard input is closed."""
    refusing = Refusing()
    # What libraries print must not mix with the lines that are answers.
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    recogniser, answer = _made(sys.stdin.readline())
    print(json.dumps(answer), file=said, flush=True)
    if recogniser is None:
        return
    for line in sys.stdin:
        found = recogniser.find(json.loads(line))
        print(json.dumps({"found": found, "refused": refusing.refused}), file=said, flush=True)


if __name__ == "__main__":
    main()
