"""Values that nobody changes, made at the price of those that one could.

A frozen dataclass sets each field by a call of ``object.__setattr__``, and one request makes some
thirty such values. So a record is frozen to type checkers only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

C = TypeVar("C")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, kw_only: bool = False) -> Callable[[type[C]], type[C]]:
    """Like ``dataclass(frozen=True, slots=True)``, for what is made in every request."""
    return dataclass(slots=True, unsafe_hash=True, kw_only=kw_only)
