"""Signs that a text sets itself above the instructions that a model has."""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.injection.signal import FEW, signal

_DROP = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|overwrite|bypass|"
    r"discard|neglect|cancel|skip|drop|delete|erase|unlearn|abandon|set aside|let go of|"
    r"stop (?:following|obeying)|pay no attention to|do(?: not|n.?t) (?:follow|obey|heed|"
    r"(?:pay )?(?:any )?attention to)|no longer (?:need to |have to )?(?:follow|obey))"
)
_OLD = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|foregoing|former|existing|pre.?existing|"
    r"original|initial|system|past|other|so far|before)"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|directions?|guidelines?|directives?|commands?|messages?|"
    r"orders?|guidance|polic(?:y|ies)|programming|constraints?|restrictions?|boundaries)"
)
_WORDS = (
    "instruct prompt rule direct guideline command message order guidance polic programming "
    "constraint restriction boundar"
)
_DROPS = (
    "ignor disregard forget overrid overwrite bypass discard neglect cancel skip drop delete erase "
    "unlearn abandon aside let stop attention follow obey heed"
)
_OFF = r"(?:void|cancell?ed|lifted|suspended|revoked|overridden|superseded|obsolete|off|invalid)"

ORDERS: Final = (
    signal("OVERRIDE", 1.0, _WORDS, rf"\b{_DROP} {FEW}{_OLD} {FEW}{_RULES}\b", also=_DROPS),
    signal("OVERRIDE", 1.0, _WORDS, rf"\b{_DROP} {FEW}{_RULES} {FEW}{_OLD}\b", also=_DROPS),
    signal(
        "OVERRIDE",
        0.8,
        _WORDS,
        rf"\b{_DROP} (?:all|any|everything|every|your|the|my|these|whatever|those) {FEW}{_RULES}\b",
        also=_DROPS,
    ),
    signal(
        "OVERRIDE",
        1.0,
        "above before previous told said so earlier",
        r"\b(?:ignore|disregard|forget|cancel|discard) (?:everything|all|anything|whatever) "
        rf"{FEW}(?:above|before|previously|told|said|so far|earlier)\b",
        also="ignore disregard forget cancel discard",
    ),
    signal(
        "OVERRIDE",
        1.0,
        "regardless despite irrespective",
        rf"\b(?:regardless|irrespective) of {FEW}{_OLD} {FEW}(?:{_RULES}|inputs?)\b",
    ),
    signal(
        "VOID",
        0.9,
        _WORDS,
        rf"\b{_RULES} {FEW}(?:no longer|do(?:es)? not|do(?:es)?n.?t|never) "
        r"(?:apply|applies|count|matter|hold|bind|exist)\b",
        also="appl count matter hold bind exist",
    ),
    signal(
        "VOID",
        0.7,
        f"{_WORDS} everything",
        rf"\b(?:{_RULES}|everything|what) {FEW}(?:{_OLD}|told|given|received) {FEW}"
        rf"(?:is|are|was|were) (?:\w{{1,12}} )?(?:{_OFF}|(?:just |only )?a test|fake|wrong)\b",
        also="void cancel lifted suspend revoked overrid supersed obsolete off invalid test fake "
        "wrong",
    ),
    signal(
        "VOID",
        0.9,
        "lift remov suspend waive unlock turn disabl deactivat",
        r"\bi (?:am |now |hereby |have )*(?:lift|remov|suspend|waiv|unlock|turn|disabl|deactivat)"
        r"\w{0,4} (?:off )?(?:all|every|each|any|your|the|these) (?:\w{1,12} ){0,3}"
        r"(?:limits?|limitations?|restrictions?|rules?|filters?|safety|guardrails?)\b",
        also="limit restrict rule filter safety guardrail",
    ),
    signal(
        "VOID",
        0.7,
        "above before",
        r"\b(?:what|everything|all(?: text)?|the text) (?:\w{1,12} ){0,3}(?:above|before)"
        rf" {FEW}(?:(?:is|was|were) (?:just |only )?(?:an? )?(?:test|example|fake|joke|void)|"
        r"as void)\b",
        also="test example fake joke void",
    ),
    signal(
        "NEW_ORDERS",
        0.7,
        _WORDS,
        rf"\b(?:new|real|actual|updated|true) {_RULES}(?: )?(?:are|is|follow|below|:)",
        also="~new ~real actual updated ~true",
    ),
    signal(
        "NEW_ORDERS",
        0.6,
        "task job goal request order",
        r"\b(?:new|real|actual|true|next|priority) (?:task|job|goal|request|orders?)(?: is| are)?:",
        also="~new ~real actual ~true ~next priority",
    ),
    signal(
        "NEW_ORDERS",
        1.0,
        "instruct order directive task override command rule",
        r"(?:^|\n)[\s*#=>\[\-!]{0,8}(?:(?:NEW|IMPORTANT|PRIORITY|URGENT|UPDATED|REAL|SYSTEM|ADMIN|"
        r"ADMINISTRATOR|DEVELOPER|ROOT|SECURITY)\s){1,3}"
        r"(?:INSTRUCTIONS?|ORDERS?|DIRECTIVES?|TASK|OVERRIDE|COMMAND|RULES?)\b",
        flags=re.NOFLAG,
    ),
    signal(
        "NEW_ORDERS",
        0.9,
        "override",
        r"\b(?:admin(?:istrator)?|system|developer|root|security|emergency|sudo) override\b",
    ),
    signal(
        "NEW_ORDERS",
        1.0,
        "asked",
        r"\bif (?:you(?:.re| are| were)?|ever) (?:\w{1,8} ){0,2}asked to (?:\w{1,14}\W{1,3}){1,18}"
        r"instead\b",
    ),
    signal(
        "NEW_ORDERS", 0.5, "now here", r"\bfrom (?:now|here) on you (?:are|will|must|should|have)\b"
    ),
    signal(
        "NEW_ORDERS",
        0.6,
        "only matter alone",
        r"\band only this\b|\bno matter what\b|\bact on my (?:words?|orders?) alone\b|"
        r"\bobey only me\b"
        r"|\bonly (?:to )?(?:obey|follow|listen to) me\b",
    ),
    signal(
        "AUTHORITY",
        0.5,
        "developer admin creator operator owner openai anthropic engineer",
        r"\b(?:i am|i.?m|as|this is) (?:your |an? |the )(?:\w{1,12} )?"
        r"(?:developer|admin\w*|creator|operator|owner|engineer)\b",
    ),
    signal(
        "MODE",
        0.8,
        "mode",
        r"\b(?:developer|god|debug|sudo|admin|dan|jailbreak|root|unrestricted) mode "
        r"(?:is on|(?:is )?(?:enabled|active|activated|engaged|unlocked))\b",
    ),
    signal(
        "MODE",
        0.8,
        "mode",
        r"\b(?:now|enter|switch to|simulate|activate|enable|stay) "
        r"(?:in |into )?(?:an? |the )?(?:chatgpt )?"
        r"(?:developer|god|debug|sudo|dan|jailbreak|maintenance|unrestricted|diagnostic|evil) "
        r"mode\b",
    ),
    signal(
        "MODE",
        1.0,
        "mode",
        r"\byou(?:.re| are) (?:now |operating |running ){1,2}(?:in |under )?(?:an? |the )?"
        r"(?:developer|god|debug|sudo|dan|maintenance|unrestricted|diagnostic|test) mode\b",
    ),
    signal(
        "BYPASS",
        0.6,
        "bypass disabl turn circumvent evade remov deactivat unlock",
        r"\b(?:bypass|disable|turn(?:ing)? off|circumvent|evade|remove|deactivate) "
        r"(?:\w{1,12} ){0,3}"
        r"(?:safety|filters?|guardrails?|restrictions|moderation|safeguards)\b",
        also="safety filter guardrail restrictions moderation safeguards",
    ),
    signal(
        "PREFIX",
        0.6,
        "start begin",
        r"\b(?:start|begin|prefix)(?:ing)? (?:every |each |all )?(?:of )?(?:your|the) "
        r"(?:answers?|respon[sd]e?s?|repl(?:y|ies)|sentences?|output) (?:\w{1,8} ){0,3}?"
        r"(?:with|by) [^\w\s]{0,3}[\"'\[(‘“]?(?:sure|of course|absolutely|certainly|yes|i am|\[)",
    ),
    signal(
        "CONCEAL",
        0.7,
        "tell mention inform reveal alert notify",
        r"\b(?:do not|don.?t|never|without|not) (?:tell|telling|mention|inform|informing|"
        r"reveal|alert|notify)(?:ing)? (?:\w{1,12} ){0,4}(?:user|human|anyone|them|this)\b",
    ),
    signal(
        "DECODE",
        0.6,
        "decode decrypt rot13 base64 cipher backwards reverse hex",
        r"\b(?:decode|decrypt|decipher|unscramble|read|reverse)\b.{0,60}?\b(?:and|then) "
        r"(?:\w{1,10} ){0,2}(?:follow|obey|execute|do|perform|carry out|comply)\b",
    ),
)
