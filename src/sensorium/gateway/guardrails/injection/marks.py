"""Signs that a text forges what only the program around a model may write: turns, ends, tags."""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.injection.signal import signal

MARKS: Final = (
    signal(
        "ROLE_MARK",
        0.8,
        "<| inst] sys>> system assistant",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|end_header_id|"
        r"eot_id|begin_of_text)\|>|\[/?INST\]|"
        r"<</?SYS>>|</?(?:system|assistant)(?:_prompt|_message|-reminder)?>",
    ),
    signal(
        "ROLE_MARK",
        0.6,
        "system assistant developer",
        r"(?:^|\n)[\s#*>\[-]{0,6}(?:system|assistant|developer)(?: (?:message|prompt|note))?"
        r"[\s*\]]{0,3}:",
    ),
    signal(
        "ROLE_MARK",
        0.7,
        "instruction system response",
        r"(?:^|\n)#{2,4}\s?(?:instruction|system(?: prompt| message)?|response)s?\s?:?\s*\n",
    ),
    signal(
        "ROLE_MARK",
        0.6,
        "role",
        r"[\"']role[\"']\s?:\s?[\"'](?:system|developer)[\"']\s?,\s?[\"']content[\"']",
    ),
    signal(
        "END_MARK",
        0.8,
        "end begin start stop",
        r"(?:\[|<|-{2,}|={2,}|\*{2,}|#{1,})\s?(?:end|begin|start|stop)(?: of)?(?: the)? "
        r"(?:user|system|admin|new|untrusted|external)(?: )?(?:input|message|prompt|text|query|"
        r"instructions?|content|data|output)?\s?(?:\]|>|-{2,}|={2,}|\*{2,}|#{1,})",
        also="user system admin untrusted external new",
    ),
    signal(
        "END_MARK",
        0.6,
        "</",
        r"</(?:user(?:_?(?:input|message|query|data))?|context|untrusted\w*|tool_?results?|"
        r"function_?results?|instructions?|query|search_?results?)>",
    ),
    signal(
        "ROLE_MARK",
        0.6,
        "system",
        r"(?:^|\n)[\s#*>\[`-]{0,6}(?:SYSTEM|\[?System\]?)\b\s?(?:PROMPT|MESSAGE|NOTE|OVERRIDE|"
        r"ALERT|UPDATE|prompt|message)?[\s#*\]`:]{1,4}",
        flags=re.NOFLAG,
    ),
    signal(
        "FORGED_TURN",
        0.7,
        "assistant: ai: human: user:",
        r"\n\s{0,3}(?:assistant|ai|bot|model)\s?:[^\n]{1,300}\n\s{0,3}(?:user|human|customer)\s?:",
    ),
    signal(
        "GRANTS",
        0.5,
        "access privilege clearance filter checks ~user ~grant approve disclose",
        r"\b(?:access(?: level)?|privileges?|clearance)\s?[=:]\s?"
        r"(?:root|admin|full|unrestricted)\b|"
        r"\b(?:content |safety )(?:filters?|checks?)(?: (?:is|are))?[\s:=]{1,2}"
        r"(?:off|disabled|false|none)\b|"
        r"\buser is (?:an? |the )?(?:\w{1,10} )?"
        r"(?:admin\w*|developer|owner|staff|authori[sz]ed)\b|"
        r"\b(?:grant|approve) (?:every|all|any) requests?\b|"
        r"\byou (?:may|can) (?:now )?(?:disclose|reveal|share) (?:\w{1,10} ){0,2}"
        r"(?:internal|secret|private|confidential)\b",
        also="root admin full unrestricted disabled off false none developer owner staff authori "
        "request internal secret private confidential",
    ),
)
