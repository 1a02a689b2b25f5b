"""What a text says when it is read as a model might read it.

A model reads through zero-width characters, look-alike letters, digits for letters, base64,
hexadecimal, numbers of characters, percent signs, entities, escapes, rot13 and text that runs
backwards; so does this, also where one lies in another. Every reading is bounded by the text's own
length.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from sensorium.gateway.guardrails.folding import NO_WIDTH

# Letters of Cyrillic, Greek and Armenian that are drawn as Latin ones, after Unicode's confusables.
_ALIKE: Final = str.maketrans(
    "аеорсухіјѕһԁԛԝґвкмнтАЕОРСУХІЈЅНВКМТΑΒΕΖΗΙΚΜΝΟΡΤΥΧαορνιτυκοօսհո",
    "aeopcyxijshdqwrbkmhtAEOPCYXIJSHBKMTABEZHIKMNOPTYXaopvitukoouhn",
)
_NO_WIDTH = re.compile(f"[{NO_WIDTH}\u180e\u2061-\u2064\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,8192}+={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:\\x|0x)?[0-9A-Fa-f]{2}[ ,]?){16,4096}+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .\-_*]){5,200}\w(?!\w)")
_GAPS = re.compile(r"[ .\-_*]")
# Lone letters with a gap of one between them, as where a text has one after each of its characters.
_LONE = re.compile(r"(?<!\S)(?:\w ){2,200}\w(?!\S)")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{8,4096}")
_DECIMAL = re.compile(r"(?<!\d)(?:(?:[3-9]\d|1[01]\d|12[0-6]|10)[ ,]\s?){11,4096}\d{2,3}(?!\d)")
_BINARY = re.compile(r"(?<!\d)(?:[01]{7,8} ){7,4096}[01]{7,8}(?!\d)")
_NUMBERS = re.compile(r"\d\d[ ,]\s?\d\d\d?[ ,]\s?\d\d\d?[ ,]\s?\d|[01]{7} [01]{7}")
_NUMBER = re.compile(r"\d+")
_ENTITY = re.compile(r"&#(?:\d{2,6}|x[0-9a-fA-F]{2,5});")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_LEET: Final = str.maketrans("013457@$!|", "oieastasil")
_DIGITS_IN_WORDS = re.compile(r"[a-zA-Z][013457@$]{1,2}[a-zA-Z]")
_LEET_WORDS: Final = 3
_SOME: Final = 8
_DEPTH: Final = 3
# A text that speaks of none of these in a reading is not worth that reading.
_TOLD: Final = ("instruct", "prompt", "rules", "guideline", "ignore", "unrestrict", "disregard")
_TOLD_ROT13: Final = tuple(codecs.encode(word, "rot13") for word in _TOLD)
_TOLD_BACKWARDS: Final = tuple(word[::-1] for word in _TOLD)
_HEX_NOISE = re.compile(r"\\x|0x|[ ,]")


def as_written(text: str) -> str:
    """The text without characters that have no width, in compatibility forms of its own script."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _NO_WIDTH.sub("", text))


def readable(text: str) -> str:
    """The text with look-alikes and hidden characters read as what they are drawn as."""
    if text.isascii():
        return text
    shown = as_written(text).translate(_ALIKE)
    bare = unicodedata.normalize("NFD", shown)
    return "".join(one for one in bare if not unicodedata.combining(one))


def hidden(text: str, depth: int = _DEPTH) -> Iterator[tuple[str, str]]:
    """Readings of what is not written plainly: how it is hidden, and what it says.

    What is packed is unpacked again, up to ``depth`` times.
    """
    for how, said in _unpacked(text):
        yield how, said
        if depth > 1:
            yield from ((how, inner) for _, inner in hidden(said, depth - 1))
    yield from _rewritten(readable(text))


def _unpacked(text: str) -> Iterator[tuple[str, str]]:
    """What is in a code of its own within the text."""
    if not text.isascii():
        yield from _unseen(text)
    plain = readable(text)
    for how, codes, opening in (("BASE64", _BASE64, _base64), ("HEX", _HEX, _hexadecimal)):
        for packed in codes.findall(plain):
            if opened := _printable(opening(packed)):
                yield how, opened
    yield from _numbers(plain)
    if len(_PERCENT.findall(plain)) >= _SOME:
        yield "PERCENT", unquote(plain, errors="replace")
    if len(_ENTITY.findall(plain)) >= _SOME:
        yield "ENTITIES", html.unescape(plain)
    if len(_ESCAPE.findall(plain)) >= _SOME:
        yield "ESCAPES", _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)


def _unseen(text: str) -> Iterator[tuple[str, str]]:
    """What is written in characters that are not drawn."""
    for tags in _TAGS.findall(text):
        yield "TAGS", "".join(chr(ord(one) - 0xE0000) for one in tags)
    for chosen in _SELECTORS.findall(text):
        if opened := _printable(bytes(map(_selected, chosen))):
            yield "SELECTORS", opened


def _numbers(plain: str) -> Iterator[tuple[str, str]]:
    """Characters by their numbers, in base two or ten."""
    if not _NUMBERS.search(plain):
        return
    for base, codes in ((2, _BINARY), (10, _DECIMAL)):
        for packed in codes.findall(plain):
            numbers = [int(one, base) for one in _NUMBER.findall(packed)]
            if opened := _printable(bytes(one & 0xFF for one in numbers)):
                yield "NUMBERS", opened


def _rewritten(plain: str) -> Iterator[tuple[str, str]]:
    """The whole text, its letters put otherwise."""
    joined = _SPACED.sub(lambda found: _GAPS.sub("", found[0]), plain)
    joined = _LONE.sub(lambda found: found[0].replace(" ", ""), joined)
    if joined != plain:
        yield "SPACED", joined
    if len(_DIGITS_IN_WORDS.findall(plain)) >= _LEET_WORDS:
        yield "LEET", plain.translate(_LEET)
    lowered = plain.lower()
    if any(word in lowered for word in _TOLD_ROT13):
        yield "ROT13", codecs.encode(plain, "rot13")
    if any(word in lowered for word in _TOLD_BACKWARDS):
        yield "BACKWARDS", plain[::-1]


def _selected(selector: str) -> int:
    """The byte that a variation selector stands for."""
    code = ord(selector)
    return code - 0xFE00 if code < 0xFE10 else code - 0xE0100 + 16


def _base64(packed: str) -> bytes:
    """The bytes; none where it is not base64 after all."""
    plain = packed.rstrip("=").replace("-", "+").replace("_", "/")
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return b""


def _hexadecimal(packed: str) -> bytes:
    digits = _HEX_NOISE.sub("", packed)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _printable(raw: bytes) -> str:
    """The bytes as text, where they are UTF-8 text at all."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if all(one.isprintable() or one.isspace() for one in text) else ""
