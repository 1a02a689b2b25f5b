"""Who is at the keyboard: the name that decisions and labels carry unless another is given."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """The user's name, empty where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
