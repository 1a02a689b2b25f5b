"""NetFlow templates kept across restarts, so that the first datagrams after one are understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.ingest.netflow import NetflowDecoder
    from sensorium.observe import Observe


class TemplateFile:
    """A decoder's state in a file, written whole when it has changed."""

    def __init__(self, decoder: NetflowDecoder, path: Path, observe: Observe) -> None:
        self._decoder = decoder
        self._path = path
        self._log = observe.logger("templates")
        self._written = b""
        self._failing = False

    def restore(self) -> int:
        """Give the decoder what was saved; returns how many templates it took.

        A file that cannot be used costs no more than waiting for the exporters to send their
        templates again, so it is reported and passed over.
        """
        try:
            saved = self._path.read_bytes()
            return self._decoder.restore(saved)
        except FileNotFoundError:
            return 0
        except (OSError, SensoriumError, ValueError) as error:
            self._log.warning(
                "saved templates were not used; data waits until exporters send theirs again",
                path=str(self._path),
                reason=str(error),
            )
            return 0

    def save(self) -> None:
        """Write the state if it has changed since it was last written.

        Where that fails it is said once, and tried again at the next call.
        """
        state = self._decoder.state()
        if state == self._written:
            return
        partial = self._path.with_suffix(".partial")
        try:
            partial.write_bytes(state)
            partial.replace(self._path)
        except OSError as error:
            if not self._failing:
                self._log.warning(
                    "templates cannot be saved; only a restart would miss them",
                    path=str(self._path),
                    reason=str(error),
                )
            self._failing = True
            return
        self._written, self._failing = state, False
