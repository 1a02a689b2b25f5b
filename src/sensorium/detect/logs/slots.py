"""Which words of a line are the value of something, and which say what happened.

Most values are variables already, because they hold digits or dots. What is left are names and
states, and they stand where such things stand: after a word that announces a name, after a colon
or an equals sign, in quotes. A word elsewhere is the program's own: lines that differ in it tell of
different things. So each word has a *slot*; two different words may be one place of a template if
their slots are equal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import numpy as np

from sensorium.detect.arrays import U64
from sensorium.detect.keys import text_key
from sensorium.detect.logs.shapes import WILDCARD

# After one of these any word is a name.
_NAMED: Final = frozenset("account by called for from login name named user username users".split())
# After one of these a word is a name if it is written like one: these are followed by verbs too.
_THINGS: Final = frozenset(
    "class cluster command container database device directory domain driver entity file group"
    " groups host hostname image interface job method module namespace node nodes package peer"
    " plugin pod policy process profile program property queue role rule server service table task"
    " thread topic unit volume zone".split()
)
# Keys of structured logs whose values are what the program says.
_SAID: Final = frozenset(
    "action cause detail err error event exception level log lvl message method msg op operation"
    " reason result severity state status text type".split()
)
_WRITTEN_LIKE_A_NAME: Final = re.compile(r"[a-z][A-Z]|\w_\w|\$|^[A-Z]{2,}$")
_DATE_WORDS: Final = frozenset(
    "Mon Tue Wed Thu Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
    " Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec January February March April June July"
    " August September October November December".split()
)
_QUOTED: Final = re.compile(r"""["'(\[{<`].*["')\]}>`][.,;:]?""")
_AROUND: Final = ".,;:()[]'\""
_BEFORE: Final = "'\"([{<,;"
_KEY: Final = "'\"{,:="
_TEXT: Final = re.compile(rf"(?:{re.escape(WILDCARD)}|[\w\-./\\@$*%+~])+")


def slots_of(words: list[str]) -> U64:
    """The slot of each word of a masked line, 0 of a variable, which goes with any."""
    before = ["", *words[:-1]] if words else []
    pairs = zip(before, words, strict=True)
    return np.array([_slot(previous, word) for previous, word in pairs], np.uint64)


@lru_cache(maxsize=1 << 16)
def _slot(previous: str, word: str) -> int:
    return 0 if word == WILDCARD else text_key(_told(previous, word))


def _told(previous: str, word: str) -> str:
    """A slot in words. Of a value its punctuation counts: whether there is one is no detail."""
    if _is_value(previous, word):
        return f"name {_TEXT.sub('x', word)}"
    if word.strip(_AROUND) in _DATE_WORDS:
        return "date"
    letters = "".join(filter(str.isalpha, word.replace(WILDCARD, "")))
    key, equals, value = word.partition("=")
    if letters and key and equals and not _says(key):
        return f"{key}={_TEXT.sub('x', value)}"
    if WILDCARD in word or not letters:
        return f"variable {letters}"
    return "quoted" if _QUOTED.fullmatch(word) else f"word {word}"


def _is_value(previous: str, word: str) -> bool:
    """Whether a word stands where a value does by the word before it."""
    announced = previous.strip(_BEFORE).lower()
    if announced in _NAMED:
        return True
    if previous.endswith((":", "=")):
        return not _says(previous)
    like_a_name = WILDCARD in word or _WRITTEN_LIKE_A_NAME.search(word.strip(_AROUND))
    return announced in _THINGS and bool(like_a_name)


def _says(key: str) -> bool:
    return key.strip(_KEY).lower() in _SAID
