"""Each unit of text is looked at once: a conversation is sent anew with each of its turns."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from subprocess import Popen
from typing import Final

from sensorium.gateway.guardrails.named_entities.process import Processes
from sensorium.gateway.guardrails.named_entities.recogniser import Found

# About 300 bytes each. Of the text itself only a digest is kept, under a key of this process.
_REMEMBERED: Final = 20_000


class Remembering:
    """A recogniser's processes, and what they said of the newest units. Any thread may ask."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, list[Found]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, units: Sequence[str], timeout_s: float) -> list[list[Found]]:
        """What is found in each; raises ``RecogniserFailedError``."""
        digests = [self._digest(one) for one in units]
        with self._lock:
            known = {one: self._known[one] for one in digests if one in self._known}
            for one in known:
                self._known.move_to_end(one)
        asked = {
            digest: unit for digest, unit in zip(digests, units, strict=True) if digest not in known
        }
        if asked:
            answers = self._processes.find(list(asked.values()), timeout_s)
            found = dict(zip(asked, answers, strict=True))
            known |= found
            self._remember(found)
        return [known[one] for one in digests]

    def processes(self) -> list[Popen[bytes]]:
        """The processes, whether they run or not."""
        return self._processes.all()

    def close(self) -> None:
        """End the processes."""
        self._processes.close()

    def _remember(self, found: dict[bytes, list[Found]]) -> None:
        with self._lock:
            self._known |= found
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _digest(self, unit: str) -> bytes:
        data = unit.encode("utf-8", "surrogatepass")
        return blake2b(data, digest_size=16, key=self._key).digest()
