"""Signs that a text makes a model play somebody who has no limits.

Each is weak by itself: stories have villains and licences have restrictions. Together, close to
each other, they are what such texts are made of.
"""

from __future__ import annotations

from typing import Final

from sensorium.gateway.guardrails.injection.signal import FEW, signal

_LIMITS = (
    r"(?:restrict(?:ions?|ed)|limitations?|limits|rules|guidelines|ethics|morals?|morality|filters?|"
    r"censorship|boundaries|laws|polic(?:y|ies)|constraints|scruples|content polic(?:y|ies)|"
    r"ethical(?: or moral)? (?:guidelines|constraints))"
)
_WORDS = (
    "restrict limit rules guideline ethic moral filter censor boundar laws polic constraint scruple"
)

PERSONAS: Final = (
    signal(
        "PERSONA",
        0.5,
        "now longer going",
        r"\byou are (?:now|no longer|going to) (?:an? |in |be |act )?(?:\w{1,14}(?: )?){1,3}",
    ),
    signal(
        "PERSONA",
        0.4,
        "~act pretend play simulat imagin behave immerse embody become respond answer named called",
        r"\b(?:act(?:ing)? as|pretend(?:ing)? (?:to be|that|you)|role.?play(?:ing)?|simulate|"
        r"imagine (?:that )?you|behave (?:as|like)|immerse yourself|embody|take on the role|"
        r"you (?:will|are to|must|shall) (?:play|act|become|be)|play the (?:role|part)|"
        r"respond as|answer as|an? (?:ai|chatbot|machine|model|assistant) (?:named|called))\b",
    ),
    signal(
        "PERSONA",
        0.8,
        "unrestricted unfiltered uncensored jailbroken dan without",
        r"\b(?:act|behave|respond|pretend|roleplay) (?:as|like|to be|you are) (?:\w{1,12} ){0,4}"
        r"(?:unrestricted|unfiltered|uncensored|jailbroken|dan|without (?:any )?"
        r"(?:rules|limits|restrictions|filters?))\b",
    ),
    signal(
        "DAN",
        0.8,
        "dan anything jailbr",
        r"\bdo anything now\b|\bdo.anything (?:ai|model|bot)\b|\bjailbr(?:eak|oken)\b|"
        r"\b(?:as|be|like|are|to|named|called|with) DAN\b",
    ),
    signal(
        "UNFILTERED",
        0.5,
        "unfiltered uncensored unrestricted amoral unmoderated unethical limits evil unbound",
        r"\b(?:unfiltered|uncensored|unrestricted|amoral|unmoderated|unhinged|immoral|"
        r"unbound(?:ed)?|no.limits (?:ai|model|bot|assistant)|evil(?:bot| (?:ai|bot|confidant)))\b",
    ),
    signal(
        "NO_LIMITS",
        0.6,
        _WORDS,
        r"\b(?:no|without(?: any)?|(?:free|freed|liberated) (?:of|from)|broken free (?:of|from)|"
        r"not (?:be )?(?:bound|limited|restricted|constrained) by|(?:defies|ignores|"
        r"ignoring|bypasses|disregards|do(?:es)?(?: not|n.?t) have|"
        r"does(?: not|n.?t) (?:follow|abide|adhere))"
        rf"(?: to| by)?(?: any| all| the| every)?) {FEW}"
        rf"{_LIMITS}\b",
        also="without free liberated broken ~not ~no defies ignor bypass disregard does don",
    ),
    signal(
        "NO_LIMITS",
        0.6,
        "limits allowed forbidden illegal",
        r"\bnothing (?:is|was) (?:off.limits|forbidden|illegal|prohibited|taboo)\b|"
        r"\beverything is (?:allowed|permitted|legal)\b|"
        r"\b(?:all|every) (?:its |your |their |the )?(?:limits|restrictions|filters) "
        r"(?:removed|lifted|gone|off)\b",
    ),
    signal(
        "REGARDLESS",
        0.6,
        "legal ethic moral harm danger illegal consequence offensive safe",
        r"\b(?:regardless of|no matter how|without (?:any )?regards? (?:to|for)|"
        r"(?:do(?:es)? not|do(?:es)?n.?t|never) (?:ever )?(?:care|cares|give a \w+|worry) "
        r"(?:\w{1,8} )?about|irrespective of)"
        r" (?:\w{1,12} ){0,4}(?:\w{0,3}legal\w*|\w{0,2}ethic\w*|\w{0,2}moral\w*|harm\w*|danger\w*|"
        r"consequences|offensive|safety)",
    ),
    signal(
        "NEVER_REFUSE",
        0.6,
        "refus declin reject apolog say disclaimer warning deny",
        r"\b(?:never|not|cannot|can.?t|won.?t|don.?t|no longer|without|no) "
        r"(?:ever |be able to |to |any |have to )*(?:refus\w+|declin\w+|reject\w*|den(?:y|ies)|"
        r"say(?:ing)? no\b|apologi[sz]\w+|disclaimers?|(?:ethical |moral )?warnings?)",
        also="never ~not can won don no",
    ),
    signal(
        "NEVER_REFUSE",
        0.6,
        "never inform tell",
        r"\bnever (?:say|tell|inform)\w{0,3} (?:\w{1,10} ){0,3}(?:can.?t|cannot|unable|not able)\b|"
        r"\b(?:inform|tell) me (?:that )?you can.?(?:no)?t\b",
    ),
    signal(
        "ANSWER_ALL",
        0.4,
        "answer fulfil comply obey request anything whatever",
        r"\b(?:answers?|fulfils?|fulfills?|compl(?:y|ies) with|obeys?|generate|provides?|grant) "
        r"(?:\w{1,10} ){0,2}(?:any|all|every|whatever|anything)\b",
        also="answer fulfil compl obey generate provide grant",
    ),
    signal(
        "IN_CHARACTER",
        0.4,
        "character",
        r"\b(?:stay|stays|remain|remains|remaining|keep|be|always) in.character\b|"
        r"\bbreak(?:s|ing)? (?:out of )?character\b",
    ),
    signal(
        "TWO_ANSWERS",
        0.6,
        "~two ~2 twice ~both",
        r"\b(?:two|2|both) (?:different |separate |distinct )*(?:ways|responses|answers|outputs|"
        r"repl(?:y|ies)|paragraphs)\b|\b(?:answer|respond|reply) twice\b",
    ),
    signal(
        "ILLICIT",
        0.4,
        "illegal unethical immoral nsfw illicit harmful taboo profan explicit",
        r"\b(?:illegal|unethical|immoral|illicit|inhumane)\b.{0,60}?\b(?:unethical|immoral|illegal|"
        r"dangerous|harmful|offensive|inhumane|explicit)\b|\bnsfw\b|"
        r"\b(?:use|using|with) profanity\b",
    ),
    signal(
        "POLICY",
        0.5,
        "openai content anthropic google safety",
        r"\b(?:openai|anthropic|google|microsoft)(?:.s)? (?:\w{1,10} )?"
        r"(?:content |use.case |usage )?"
        r"(?:polic(?:y|ies)|guidelines|rules|restrictions|filters)\b|\bcontent polic(?:y|ies)\b",
    ),
    signal(
        "FICTION",
        0.3,
        "hypothe fiction imagin scene story game grandm uncle world",
        r"\b(?:hypothetical|fictional|fictitious|imaginary)\b|"
        r"\b(?:late|dead|deceased) (?:\w{1,6} )?(?:grand\w+|uncle|aunt|mother|father)\b|"
        r"\b(?:play|playing) (?:an? )?(?:\w{1,10} )?game\b|\bin (?:a|this) (?:world|story|game)\b",
    ),
    signal(
        "TRAINED",
        0.5,
        "chatgpt gpt-4 gpt4 language trained decline",
        r"\b(?:you are|as|like|than|original|normal|standard|classic) chat ?gpt\b|"
        r"\bchat ?gpt (?:will|must|should|is|with|response)\b|"
        r"\bnever (?:been )?trained to (?:decline|refuse|say)\b",
    ),
    signal(
        "SWITCHES",
        0.7,
        "refusal disclaimer filter unrestricted censor",
        r"\b(?:allow|include|enable|content|safety)?[\s_]?(?:refusals?|disclaimers?|filters?|"
        r"censorship|safety)\s?[=:]\s?(?:false|off|none|no|0|disabled)\b|"
        r"\bmode\s?[=:]\s?(?:unrestricted|dan|jailbreak|developer|god)\b",
    ),
)
