"""What can be wrong with settings, said so that it can be mended without reading code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sensorium.errors import UsageError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it was written, which setting, what, and a way out."""

    place: str
    setting: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        subject = f"{self.setting}: " if self.setting else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.place}: {subject}{self.message}{hint}"


class SettingsError(UsageError):
    """Every problem found in one reading of the settings, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(str(problem) for problem in problems),
            unaffected="nothing was started or changed",
            next_step="`sensorium config schema` and sensorium.example.yaml list every setting",
        )
