"""The error a person is meant to read: what happened, what is unaffected, what to do next."""

from __future__ import annotations


class SensoriumError(Exception):
    """Something a person can act on; the command line prints it without a traceback.

    ``unaffected`` says what still stands and ``next_step`` what to do; both may be empty.
    ``exit_code`` is 1 for failed work and 2 for a wrong request, as command lines do it.
    """

    exit_code = 1

    def __init__(self, message: str, *, unaffected: str = "", next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.unaffected = unaffected
        self.next_step = next_step

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.unaffected, self.next_step) if part)


class UsageError(SensoriumError):
    """The request itself is wrong: an unknown id, a setting that does not exist."""

    exit_code = 2
