"""Characters that mean something in a message, as the octets they are (US-ASCII)."""

from __future__ import annotations

from typing import Final

NUL: Final = 0
TAB: Final = 9
LINE_FEED: Final = 10
CARRIAGE_RETURN: Final = 13
SPACE: Final = 32
QUOTE: Final = 34
BAR: Final = 124
HASH: Final = 35
DOLLAR: Final = 36
PERCENT: Final = 37
APOSTROPHE: Final = 39
PARENTHESIS: Final = 40
END_PARENTHESIS: Final = 41
STAR: Final = 42
PLUS: Final = 43
COMMA: Final = 44
DASH: Final = 45
POINT: Final = 46
SLASH: Final = 47
COLON: Final = 58
LESS: Final = 60
EQUALS: Final = 61
GREATER: Final = 62
UPPER_A: Final = 65
UPPER_F: Final = 70
UPPER_G: Final = 71
UPPER_M: Final = 77
UPPER_P: Final = 80
UPPER_T: Final = 84
UPPER_U: Final = 85
UPPER_Z: Final = 90
OPEN: Final = 91
ESCAPE: Final = 92
CLOSE: Final = 93
UNDERSCORE: Final = 95
LOWER_L: Final = 108
LOWER_M: Final = 109
LOWER_V: Final = 118
LOWER_Z: Final = 122
BRACE: Final = 123
MARK: Final = 0xEF
"""The first byte of a byte order mark."""
