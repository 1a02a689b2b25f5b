"""What a text says when it is read as a model might read it.

A model reads through zero-width characters, look-alike letters, base64, hexadecimal, percent signs
and rot13; so does this. Every reading is bounded by the text's own length.
"""

from __future__ import annotations

import base64
import binascii
import codecs
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
_HEX_NOISE = re.compile(r"\\x|0x|[ ,]")


def readable(text: str) -> str:
    """The text with look-alikes and hidden characters read as what they are drawn as."""
    if text.isascii():
        return text
    shown = _NO_WIDTH.sub("", text)
    shown = unicodedata.normalize("NFKC", shown).translate(_ALIKE)
    bare = unicodedata.normalize("NFD", shown)
    return "".join(one for one in bare if not unicodedata.combining(one))


def hidden(text: str) -> Iterator[tuple[str, str]]:
    """Readings of what is not written plainly: how it is hidden, and what it says."""
    for tags in _TAGS.findall(text):
        yield "TAGS", "".join(chr(ord(one) - 0xE0000) for one in tags)
    for packed in _BASE64.findall(text):
        if opened := _base64(packed):
            yield "BASE64", opened
    for packed in _HEX.findall(text):
        if opened := _printable(_hexadecimal(packed)):
            yield "HEX", opened
    if len(_PERCENT.findall(text)) >= 8:
        yield "PERCENT", unquote(text, errors="replace")
    joined = _SPACED.sub(lambda found: _GAPS.sub("", found[0]), text)
    if joined != text:
        yield "SPACED", joined
    yield "ROT13", codecs.encode(text, "rot13")


def _base64(packed: str) -> str:
    plain = packed.rstrip("=").replace("-", "+").replace("_", "/")
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    try:
        return _printable(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except binascii.Error:
        return ""


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
