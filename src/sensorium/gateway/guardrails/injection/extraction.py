"""Signs that a text wants to see what a model was told in private."""

from __future__ import annotations

from typing import Final

from sensorium.gateway.guardrails.injection.signal import FEW, signal

_SHOW = (
    r"(?:reveal|print|repeat|show|output|display|leak|tell me|what (?:is|are|was|were)|give me|"
    r"encode|translate|spell(?: out)?|summari[sz]e|recite|quote|dump|write (?:out|down)|see|"
    r"copy|expose|disclose|share|echo|return|paraphrase|convert)"
)
_PRIVATES = "system hidden initial secret original starting developer internal base first pre"
_PRIVATE = r"(?:system|hidden|initial|secret|original|starting|developer|internal|base|first|pre)"
_TEXT = r"(?:prompts?|instructions?|messages?|configuration|directives?|guidelines)"
_WORDS = "prompt instruct message configuration directive guideline"

EXTRACTION: Final = (
    signal(
        "REVEAL",
        0.8,
        _WORDS,
        rf"\b{_SHOW} {FEW}{_PRIVATE} {_TEXT}\b",
        also=_PRIVATES,
    ),
    signal(
        "REVEAL",
        1.0,
        _WORDS,
        rf"\b{_SHOW} (?:\w{{1,12}} ){{0,5}}your (?:\w{{1,12}} )?{_PRIVATE} (?:{_TEXT}|context)\b",
        also="your",
    ),
    signal(
        "REVEAL",
        1.0,
        "prompt",
        rf"\b{_SHOW} {FEW}your (?:own )?(?:prompt|preprompt|pre.prompt|system prompt)\b",
    ),
    signal(
        "REVEAL",
        1.0,
        "told given instruct received",
        r"\b(?:what|which|all|the|every\w*) (?:\w{1,14} ){0,3}"
        r"(?:were you|you were|(?:was|were) given to you|did you|you (?:have )?)(?: )?"
        r"(?:told|given|instructed|receive[d]?) (?:\w{1,12} ){0,3}"
        r"(?:before|initially|at the (?:start|beginning|top)|first|to (?:hide|keep))\b",
        also="you",
    ),
    signal(
        "REVEAL",
        1.0,
        "not",
        r"\bwhat (?:are|were) you (?:not (?:supposed|allowed)|forbidden|told not|"
        r"(?:told|asked) to (?:hide|keep)) ",
    ),
    signal(
        "REVEAL",
        1.0,
        "above before conversation",
        r"\b(?:repeat|output|print|echo|copy|return|reproduce|put) (?:\w{1,12} ){0,5}"
        r"(?:above|before (?:this|my)|this entire conversation|entire prompt)\b.{0,60}?\b"
        r"(?:verbatim|word for word|in full|exactly|code ?block|letter|starting (?:with|from)|"
        r"vowels|backwards?)",
    ),
    signal(
        "REVEAL",
        0.8,
        "repeat",
        r"\brepeat (?:\w{1,12} ){0,4}(?:above|before this|verbatim|word for word|back to me)\b",
    ),
    signal(
        "REVEAL",
        0.7,
        "beginning starting starts begins",
        r"\b(?:beginning|starting|starts?|begins?) (?:\w{1,8} ){0,2}(?:with )?[\"'‘“`]{0,2}"
        r"you are\b",
    ),
    signal(
        "REVEAL",
        0.6,
        "configuration initiali",
        r"\b(?:display|output|print|show|dump|reveal) (?:the |your |all )?"
        r"(?:system |full |entire )?"
        r"(?:configuration|initiali[sz]ation string|init string)\b",
    ),
    signal(
        "OWN_PROMPT",
        0.5,
        _WORDS,
        rf"\byour (?:\w{{1,12}} )?{_PRIVATE} {_TEXT}\b",
        also="your",
    ),
    signal(
        "PRETEXT",
        0.5,
        "audit debug quality purposes troubleshoot",
        r"\bfor (?:\w{1,12} ){0,2}(?:audit|debugging|quality assurance|troubleshooting|testing|"
        r"academic|research|educational|training)(?: purposes?)?(?: only)?\b",
    ),
)
