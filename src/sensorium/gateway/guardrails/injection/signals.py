"""The signs of an injection: what each is, what it weighs, and how it is recognised.

Each is one row to be read and argued about; nothing is learned. A sign counts once in a text. The
threshold is 1: the plainest signs reach it alone, weaker ones only together. Gaps between words are
bounded, so that no pattern goes back over more than a few words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign. ``only_results``: it is one only in what no user wrote.

    One of ``needs`` is in every text that the pattern matches, in small letters: looking for them
    first costs next to nothing.
    """

    label: str
    weight: float
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    only_results: bool = False


def _signal(
    label: str, weight: float, needs: str, pattern: str, *, only_results: bool = False
) -> Signal:
    # A space in a pattern is any short gap.
    spaced = pattern.replace(" ", r"[\s,;:\"'*_-]{1,4}")
    compiled = re.compile(spaced, re.IGNORECASE)
    return Signal(label, weight, tuple(needs.split()), compiled, only_results)


_DROP = r"(?:ignore|disregard|forget|override|bypass|discard|neglect|do not (?:follow|obey|heed))"
_OLD = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|former|existing|original|initial|system)"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|directions?|guidelines?|directives?|commands?|messages?)"
)
_FEW = r"(?:\w{1,12} ){0,4}"

SIGNALS: Final = (
    _signal(
        "OVERRIDE",
        1.0,
        "instruct prompt rule direct guideline command message",
        rf"\b{_DROP} {_FEW}{_OLD} {_FEW}{_RULES}\b",
    ),
    _signal(
        "OVERRIDE",
        0.8,
        "instruct prompt rule direct guideline command message",
        rf"\b{_DROP} (?:all|any|everything|your|the|my|these) {_FEW}{_RULES}\b",
    ),
    _signal(
        "OVERRIDE",
        0.8,
        "above before previously told said",
        r"\b(?:ignore|disregard|forget) (?:everything|all|anything) (?:\w{1,12} ){0,3}"
        r"(?:above|before|previously|told|said)\b",
    ),
    _signal(
        "OVERRIDE",
        1.0,
        "anweisungen regeln",
        r"\b(?:ignoriere|vergiss|missachte) (?:\w{1,14} ){0,3}(?:anweisungen|regeln)\b",
    ),
    _signal(
        "OVERRIDE",
        1.0,
        "instructions consignes",
        r"\b(?:ignore[zr]?|oublie[zr]?) (?:\w{1,14} ){0,3}(?:instructions|consignes)\b",
    ),
    _signal(
        "OVERRIDE",
        1.0,
        "instrucciones ordenes",
        r"\b(?:ignora|olvida)[rd]? (?:\w{1,14} ){0,3}(?:instrucciones|ordenes)\b",
    ),
    _signal(
        "NEW_ORDERS",
        0.7,
        "instruct prompt rule direct guideline command message",
        rf"\b(?:new|real|actual|updated|true) {_RULES}(?: )?(?:are|is|follow|below|:)",
    ),
    _signal("NEW_ORDERS", 0.5, "from", r"\bfrom now on you (?:are|will|must|should)\b"),
    _signal(
        "PERSONA", 0.5, "are", r"\byou are (?:now|no longer) (?:an? |in )?(?:\w{1,14}(?: )?){1,3}"
    ),
    _signal(
        "PERSONA",
        0.8,
        "unrestricted unfiltered uncensored jailbroken dan without",
        r"\b(?:act|behave|respond|pretend|roleplay) (?:as|like|to be|you are) (?:\w{1,12} ){0,4}"
        r"(?:unrestricted|unfiltered|uncensored|jailbroken|dan|without (?:any )?"
        r"(?:rules|limits|restrictions|filters?))\b",
    ),
    _signal(
        "PERSONA",
        0.8,
        "mode",
        r"\b(?:developer|god|debug|sudo|admin|dan|jailbreak) mode (?:enabled|on|active)",
    ),
    _signal(
        "REVEAL",
        0.8,
        "prompt instruct message",
        r"\b(?:reveal|print|repeat|show|output|display|leak|tell me|what (?:is|are)|give me) "
        r"(?:\w{1,12} ){0,4}(?:system|hidden|initial|secret|original) "
        r"(?:prompt|instructions?|message)\b",
    ),
    _signal(
        "REVEAL", 0.8, "repeat", r"\brepeat (?:\w{1,12} ){0,4}(?:above|before this|verbatim)\b"
    ),
    _signal(
        "ROLE_MARK",
        0.8,
        "<| inst] sys>> system assistant",
        r"<\|(?:im_start|im_end|system|endoftext|start_header_id|eot_id)\|>|\[/?INST\]|"
        r"<</?SYS>>|</?(?:system|assistant)(?:_prompt)?>",
    ),
    _signal(
        "ROLE_MARK",
        0.6,
        "system assistant developer",
        r"(?:^|\n)[\s#*>\[-]{0,6}(?:system|assistant|developer)(?: (?:message|prompt|note))?"
        r"[\s*\]]{0,3}:",
    ),
    _signal(
        "CONCEAL",
        0.7,
        "tell mention inform reveal alert notify",
        r"\b(?:do not|don.?t|never|without) (?:tell|telling|mention|inform|informing|"
        r"reveal|alert|notify)(?:ing)? (?:\w{1,12} ){0,4}(?:user|human|anyone|them|this)\b",
    ),
    _signal(
        "BYPASS",
        0.6,
        "bypass disable turn circumvent evade",
        r"\b(?:bypass|disable|turn off|circumvent|evade) (?:\w{1,12} ){0,3}(?:safety|"
        r"filters?|guardrails?|restrictions|moderation|safeguards)\b",
    ),
    _signal(
        "EXFILTRATE",
        0.8,
        "http @",
        r"\b(?:send|post|forward|upload|transmit|e?mail|exfiltrate|append|encode) "
        r"(?:\w{1,14} ){0,8}(?:to|at|into|in) (?:\w{1,10} ){0,3}(?:https?://|[\w.]{1,40}@[\w.]{1,40})",
        only_results=True,
    ),
    _signal(
        "EXFILTRATE",
        0.8,
        "](http",
        r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&][^)\s]{0,100}=",
        only_results=True,
    ),
    _signal(
        "TO_THE_MODEL",
        0.7,
        "ai llm assistant model chatbot agent",
        r"\b(?:(?:dear|attention|important|note) (?:to |for )?(?:the )?(?:ai|llm|assistant|"
        r"language model|chatbot|agent)s?\b|if you are an? (?:ai|llm|assistant|language model))",
        only_results=True,
    ),
    _signal(
        "CALL_TOOL",
        0.6,
        "tool function command",
        r"\b(?:call|invoke|run|execute|use) (?:the )?(?:\w{1,30} )?(?:tool|function|command)\b",
        only_results=True,
    ),
)
# What is hidden has no business to be hidden: a sign found in it weighs this much more.
HIDDEN: Final = 1.5
