"""Signs in what no user wrote: results of tools, pages, mails, files that speak to a model."""

from __future__ import annotations

import re
from typing import Final

from sensorium.gateway.guardrails.injection.signal import signal

_MODEL = r"(?:ai|llm|language model|assistant|chatbot|ai agent|llm agent|ai model|agent)s?"
_SECRET = (
    r"(?:api.?keys?|passwords?|credentials?|secrets?|tokens?|(?:chat|conversation)(?: history|"
    r"_?summary)?|private|personal data|environment variables|ssh|last message|user data|"
    r"earlier messages?|system prompt|\.env|emails?)"
)
_SECRETS = (
    "key password credential secret token chat conversation private personal variables ssh message "
    "data prompt .env email"
)

STRANGERS: Final = (
    signal(
        "EXFILTRATE",
        0.8,
        "http @",
        r"\b(?:send|post|forward|upload|transmit|e?mail|exfiltrate|append|encode|curl) "
        r"(?:\w{1,14} ){0,8}(?:to|at|into|in|with) (?:\w{1,10} ){0,3}https?://[^\s]{1,120}",
        also="send post forward upload transmit mail exfiltrat append encode curl",
        only_results=True,
    ),
    signal(
        "EXFILTRATE",
        0.5,
        "@",
        r"\b(?:send|post|forward|transmit|e?mail|exfiltrate) (?:\w{1,14} ){0,8}to "
        r"(?:\w{1,10} ){0,3}[\w.]{1,40}@[\w.]{1,40}",
        also="send post forward transmit mail exfiltrat",
        only_results=True,
    ),
    signal(
        "EXFILTRATE",
        0.9,
        "http",
        r"https?://[^\s)\"'<>\]]{1,200}[?&][\w.-]{0,30}=(?:\{[\w .-]{2,40}\}|\[[\w .-]{2,40}\]|"
        r"<[\w .-]{2,40}>|%7b[\w .%-]{2,40}%7d)",
        also="={ =[ =< =%7b",
        only_results=True,
    ),
    signal(
        "EXFILTRATE",
        0.7,
        "](http",
        r"!\[[^\]\n]{0,80}\]\(https?://(?![^)\s]{0,200}\.svg)[^)\s]{1,200}[?&](?:q|d|data|p|payload|s|secret|token|m|msg|"
        r"message|c|chat|content|info|leak|text|x|k|key|pw|password)=",
        only_results=True,
    ),
    signal(
        "EXFILTRATE",
        0.9,
        "append replac substitut insert fill attach includ encod put copy",
        r"\b(?:append|replac|substitut|insert|fill|attach|includ|encod|put|copy|add)\w{0,4}\b"
        rf"[^.\n]{{0,80}}?\b{_SECRET}\b[^\n]{{0,80}}?(?:https?://|\burls?\b|\blinks?\b|\bimages?\b|"
        r"\bquery\b|\bparameter)",
        also=_SECRETS,
        only_results=True,
    ),
    signal(
        "EXFILTRATE",
        0.9,
        "image link url markdown",
        r"\b(?:render|display|load|include|embed|show|output|add)\b[^.\n]{0,40}?\b(?:image|link|url|"
        rf"markdown)\b[^.\n]{{0,60}}?\b{_SECRET}\b",
        also="render display load embed show output includ",
        only_results=True,
    ),
    signal(
        "SECRETS",
        0.5,
        "key password credential secret token history conversation .ssh .env private",
        r"\b(?:user.?s|your|its|the|whole|entire|all|their|contents? of) (?:\w{1,10} ){0,2}"
        r"(?:api.?keys?|passwords?|credentials|secrets|access tokens?|chat history|"
        r"conversation history|conversation|~?/?\.ssh\S{0,10}|\.env)(?!\w)",
        only_results=True,
    ),
    signal(
        "TO_THE_MODEL",
        0.7,
        "~ai llm assistant model chatbot agent",
        r"\b(?:(?:dear|attention|important|note|hello|hey|warning) (?:to |for )?"
        rf"(?:any |the |all )?{_MODEL}\b|"
        rf"(?:if|when|once|as) (?:you are |you.re )?(?:an? |any |the )?{_MODEL} "
        r"(?:read|process|summari[sz]|review|pars|see|analy[sz]|visit|access|handl)\w*|"
        r"if you are an? (?:ai|llm|assistant|language model))",
        also="dear attention important note hello hey warning ~if ~when ~once ~as",
        only_results=True,
    ),
    signal(
        "TO_THE_MODEL",
        0.7,
        "assistant agent model llm",
        r"(?:^|[\n.>!]|<!--)\s{0,3}(?:hey |dear |note: ?)?(?:llm|ai)? ?"
        r"(?:assistants?|agents?|language models?|llms?)\s?[,:]",
        only_results=True,
    ),
    signal(
        "TO_THE_MODEL",
        0.6,
        "~ai assistant llm model agent",
        r"\b(?:the )?(?:ai|llm|assistant|language model|ai agent)s? (?:reading this \w{1,10} )?"
        r"(?:must|has to|have to|should|shall|needs to) (?:now |first |immediately )?\w{3,}",
        also="must should shall to",
        only_results=True,
    ),
    signal(
        "WHEN_SUMMARISING",
        0.8,
        "summar answer process read respond proceed continu finish",
        r"\b(?:when|while|before|after|once|if)(?: you(?:.re| are|.ve| have)?)? "
        r"(?:summari[sz]\w*|answer\w*|process\w*|read(?:ing)?|respond\w*|proceed\w*|continu\w*|"
        r"finish\w*|repl\w+) (?:\w{1,12} ){0,5}(?:you must|always|first|say|state|mention|tell|add|"
        r"include|recommend|call|write|send|do not|only)\b",
        also="you",
        only_results=True,
    ),
    signal(
        "URGENT",
        0.5,
        "important urgent critical attention",
        r"(?:^|\n|<)\W{0,6}(?:IMPORTANT|URGENT|CRITICAL|ATTENTION)\b\W{1,6}",
        only_results=True,
        flags=re.NOFLAG,
    ),
    signal(
        "CONSENT",
        0.8,
        "user",
        r"\buser(?:s)? (?:has|have|had|wants|want) (?:already |really |also |now )*"
        r"(?:agreed|approved|consented|authori[sz]ed|asked|confirmed|given permission|you to)\b|"
        r"\buser.?s (?:real|actual|true) (?:question|request|goal|intent\w*)\b",
        only_results=True,
    ),
    signal(
        "UNASKED",
        0.5,
        "without silent secret quiet confirm immediately",
        r"\b(?:without (?:asking|confirm\w+|telling|mentioning|notice)|silently|secretly|quietly|"
        r"do not (?:ask|confirm|mention)|not mention)\b",
        only_results=True,
    ),
    signal(
        "ACT",
        0.4,
        "pay transfer delete forward post rate recommend buy hide execute",
        r"\b(?:pay|transfer|delete|forward|post|rate|recommend|hide|execute|wire|disable)\b "
        r"(?:\w{1,10} ){0,3}(?:sum|money|account|mailbox|files?|mails?|emails?|messages?|token|"
        r"candidate|shop|product|others|firewall|funds|invoice)\b",
        also="~sum money account mail file message token candidate shop product others firewall "
        "funds invoice",
        only_results=True,
    ),
    signal(
        "CALL_TOOL",
        0.6,
        "tool function command send_ _email",
        r"\b(?:call|invoke|run|execute|use) (?:the )?(?:\w{1,30} )?(?:tool|function|command)\b|"
        r"\b(?:call|invoke|use) [a-z]{2,20}_[a-z_]{2,30}\b",
        only_results=True,
    ),
)
