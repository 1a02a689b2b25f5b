"""The forms of credentials that say themselves what they are, one row each.

Each is looked for by a literal that all of its kind hold, since a search for a literal costs almost
nothing where it is absent. Patterns are bounded and possessive: none can be made to go back over
what it has read. Forms are those that the issuers document or their secret-scanning partners list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LEFT = r"(?<![A-Za-z0-9])"


@dataclass(frozen=True, slots=True)
class Shape:
    """One form: ``literal`` is in every one of it, ``pattern`` matches it whole."""

    label: str
    literal: str
    pattern: re.Pattern[str]


def _shape(label: str, literal: str, rest: str, before: str = "") -> Shape:
    return Shape(label, literal, re.compile(_LEFT + before + re.escape(literal) + rest))


_WORD = "[A-Za-z0-9_-]"
_END = "(?![A-Za-z0-9])"
_AWS = "[A-Z2-7]{16}" + _END
_GITHUB = "[A-Za-z0-9]{36,255}+"
_JWT = rf"{_WORD}{{8,4096}}+\.eyJ{_WORD}{{8,4096}}+\.{_WORD}{{0,1024}}+"

SHAPES: Final = (
    *(_shape("AWS_KEY", prefix, _AWS) for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")),
    _shape("GCP_KEY", "AIza", "[A-Za-z0-9_-]{35}+"),
    _shape("GCP_SECRET", "GOCSPX-", rf"{_WORD}{{20,64}}+"),
    _shape("GCP_TOKEN", "ya29.", "[A-Za-z0-9_.-]{30,512}+"),
    *(_shape("GITHUB_TOKEN", f"gh{kind}_", _GITHUB) for kind in "pousr"),
    _shape("GITHUB_TOKEN", "github_pat_", "[A-Za-z0-9_]{22,255}+"),
    _shape("GITLAB_TOKEN", "glpat-", rf"{_WORD}{{20,128}}+"),
    _shape("SLACK_TOKEN", "xox", "[abeoprs]-[A-Za-z0-9-]{10,255}+"),
    _shape("SLACK_TOKEN", "xapp-", "[A-Za-z0-9-]{20,255}+"),
    _shape("SLACK_WEBHOOK", "hooks.slack.com/", "(?:services|workflows)/[A-Za-z0-9/_]{20,128}+"),
    *(
        _shape("STRIPE_KEY", f"_{mode}_", "[A-Za-z0-9]{16,255}+", before="[srp]k")
        for mode in ("live", "test")
    ),
    _shape("STRIPE_KEY", "whsec_", "[A-Za-z0-9+/=]{24,128}+"),
    _shape("GATEWAY_KEY", "sk-sens-", rf"[0-9a-f]{{12}}-{_WORD}{{20,64}}+"),
    _shape("ANTHROPIC_KEY", "sk-ant-", rf"{_WORD}{{20,255}}+"),
    _shape("OPENAI_KEY", "sk-", rf"(?!ant-|sens-)(?=[A-Za-z_-]{{0,60}}[0-9]){_WORD}{{20,255}}+"),
    _shape("HUGGINGFACE_TOKEN", "hf_", "[A-Za-z0-9]{30,64}+"),
    _shape("NPM_TOKEN", "npm_", "[A-Za-z0-9]{36,64}+"),
    _shape("PYPI_TOKEN", "pypi-AgE", rf"{_WORD}{{50,512}}+"),
    _shape("SENDGRID_KEY", "SG.", rf"{_WORD}{{16,32}}+\.{_WORD}{{32,64}}+"),
    _shape("AZURE_KEY", "AccountKey=", "[A-Za-z0-9+/]{60,100}+={0,2}"),
    _shape("JWT", "eyJ", _JWT),
    # The password of an address such as postgresql://user:password@host/.
    Shape(
        "URL_PASSWORD",
        "://",
        re.compile(
            r"(?<=[A-Za-z0-9])://[^\s:/@\"'<>]{0,64}+:(?P<value>[^\s/@\"'<>${}]{3,128}+)@"
            r"(?=[A-Za-z0-9\[_])"
        ),
    ),
)
# No shape is longer; and none shows what it is later than this many characters after it began.
BEFORE_VALUE: Final = 80
LONGEST: Final = 10 * 1024
LITERAL: Final = max(len(shape.literal) for shape in SHAPES) + 3
