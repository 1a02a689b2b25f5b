"""A secret that can be used and not shown."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

_SHOWN = "[secret]"


class Secret:
    """Text that no ``repr``, ``str``, format, pickle or copy of attributes shows.

    Only :meth:`reveal` gives it; call that where the text leaves for its destination and keep it
    in no variable of a frame that may raise, since traces may show local variables.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself."""
        return self.__text

    def within(self, text: str) -> bool:
        """Whether ``text`` holds the secret."""
        return bool(self.__text) and self.__text in text

    def removed_from(self, text: str) -> str:
        """``text`` with the secret taken out wherever it stands."""
        return text.replace(self.__text, _SHOWN) if self.__text else text

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash in a table tells secrets apart

    def __repr__(self) -> str:
        return _SHOWN

    def __str__(self) -> str:
        return _SHOWN

    def __format__(self, spec: str) -> str:
        return format(_SHOWN, spec)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: Any) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is not pickled")
