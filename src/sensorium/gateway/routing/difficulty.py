"""How hard a request looks, from 0 to 1: a transparent sum of what can be seen at a glance.

No model is asked. Each sign adds its weight, and the signs that were found are told with the sum
(``x-sensorium-route-reason``), so that anyone can see why a request went where it went.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import log2
from typing import Final

from sensorium.gateway.conversation import Conversation, Format, Role, Text

_SEEN: Final = 6000  # characters of the newest request that are looked at
_DEMANDING: Final = re.compile(
    r"\b(?:prove|proof|derive|why|explain|analy[sz]e|compare|trade-?offs?|design|architect\w*|plan|"
    r"refactor|debug|optimi[sz]e|root cause|step by step|diagnose|investigate|evaluate|"
    r"strateg\w+)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"```|^\s*(?:def|class|import|function|public|SELECT|#include)\b|[{};]\s*$|Traceback",
    re.MULTILINE,
)
_MATHS: Final = re.compile(r"\\(?:frac|sum|int)|∑|∫|\b(?:equation|theorem|matrix|integral)\b", re.I)


@dataclass(frozen=True, slots=True)
class Difficulty:
    """``score`` from 0 to 1, and the signs that made it."""

    score: float
    signs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.score:.2f}" + (f" ({', '.join(self.signs)})" if self.signs else "")


def difficulty(conversation: Conversation, tokens: int) -> Difficulty:
    """Estimate it; ``tokens`` is the estimate of the whole input."""
    found: list[tuple[str, float]] = []
    text = _newest(conversation)
    if tokens > 500:
        # 0.05 for each doubling beyond 500 tokens: 0.2 at 8,000, 0.4 at 128,000.
        found.append((f"{tokens} tokens", min(0.05 * log2(tokens / 500), 0.4)))
    if demanding := len(set(map(str.lower, _DEMANDING.findall(text)))):
        found.append((f"{demanding} demanding words", min(0.12 * demanding, 0.36)))
    if _CODE.search(text):
        found.append(("code", 0.2))
    if _MATHS.search(text):
        found.append(("mathematics", 0.2))
    if tools := len(conversation.tools):
        found.append((f"{tools} tools", min(0.1 + 0.03 * tools, 0.3)))
    form = conversation.format
    if isinstance(form, Format) and form.schema is not None:
        found.append(("a schema", 0.1))
    budget = conversation.thinking_budget or 0
    if conversation.reasoning_effort in {"high", "xhigh"} or budget > 8000:
        found.append(("reasoning asked for", 0.5))
    turns = sum(message.role is Role.USER for message in conversation.messages)
    if turns > 4:
        found.append((f"{turns} turns", min(0.02 * (turns - 4), 0.2)))
    score = min(sum(weight for _, weight in found), 1.0)
    return Difficulty(score, tuple(sign for sign, _ in found))


def _newest(conversation: Conversation) -> str:
    """The text of the newest message of the user's, its end where it is long."""
    for message in reversed(conversation.messages):
        if message.role is Role.USER:
            texts = (part.text for part in message.parts if isinstance(part, Text))
            return "\n".join(texts)[-_SEEN:]
    return ""
