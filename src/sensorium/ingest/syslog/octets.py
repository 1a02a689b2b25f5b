"""Characters that mean something in a message, as the octets they are (US-ASCII)."""

from __future__ import annotations

from typing import Final

CARRIAGE_RETURN: Final = 13
SPACE: Final = 32
QUOTE: Final = 34
PERCENT: Final = 37
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
UPPER_T: Final = 84
UPPER_Z: Final = 90
OPEN: Final = 91
ESCAPE: Final = 92
CLOSE: Final = 93
LOWER_L: Final = 108
LOWER_M: Final = 109
LOWER_Z: Final = 122
