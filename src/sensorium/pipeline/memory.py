"""What the running pipeline has learned, kept in a file so that a restart is warm at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.detect.config import DetectConfig, shaping
from sensorium.state.arrays import State, StateError, joined, part
from sensorium.topology import EntityGraph, Identities

if TYPE_CHECKING:
    from sensorium.detect import DetectionEngine
    from sensorium.observe import Observe
    from sensorium.state.file import StateFile

_SECOND = 1_000_000_000
_HOUR_NS = 3600 * _SECOND


@dataclass(frozen=True, slots=True)
class Known:
    """The parts whose knowledge is kept together."""

    engine: DetectionEngine
    identities: Identities
    graph: EntityGraph

    def state(self) -> State:
        """Everything that the closed windows taught."""
        return joined(
            engine=self.engine.state(),
            identities=self.identities.kept(),
            graph=self.graph.kept(),
        )

    def restore(self, state: State) -> None:
        """Take everything over; StateError where something does not fit, and then nothing is."""
        before = self.identities.kept(), self.graph.kept()
        try:
            self.identities.restore(part(state, "identities"))
            self.graph.restore(part(state, "graph"))
            self.engine.restore(part(state, "engine"))
        except StateError:
            self.identities.restore(before[0])
            self.graph.restore(before[1])
            raise

    def forget(self) -> None:
        """Know nothing but what settings and inventories state."""
        self.identities.restore(Identities().kept())
        self.graph.restore(EntityGraph().kept())
        self.engine.forget()


class Memory:
    """Writes down now and then what is known, and reads it at a start.

    Called by the pipeline's thread between turns. That thread copies what is known; another one
    writes it, so that a slow disk holds nothing up. What belongs to windows that are still open is
    not kept: their records are in the store, and are read from there.
    """

    def __init__(
        self,
        known: Known,
        file: StateFile,
        observe: Observe,
        *,
        settings: DetectConfig,
        version: str,
        every_s: float,
        hours: float,
    ) -> None:
        """A state is not used by another ``version``, with other ``settings`` that shape what is
        learned, or where the store would have to give more than ``hours``, or one hour."""
        self._known = known
        self._file = file
        self._made_with = {"version": version, "settings": shaping(settings)}
        self._every_s = every_s
        self._oldest_ns = max(round(hours * _HOUR_NS), _HOUR_NS)
        self._due_s = time.monotonic() + every_s
        self._kept_ns = 0
        self._writing: threading.Thread | None = None
        self._log = observe.logger("memory")
        self._writes = observe.counter(
            "sensorium_memory_writes",
            "times that what is known was written down",
            labels=("outcome",),
        )
        self._reads = observe.counter(
            "sensorium_memory_reads",
            "times that what was known was read at a start",
            labels=("outcome",),
        )
        self._copying = observe.histogram(
            "sensorium_memory_copy_seconds",
            "how long the pipeline was held up to copy what is known",
        )
        self._size = observe.gauge("sensorium_memory_bytes", "size of what was written down last")

    def restore(self, until_ns: int) -> int | None:
        """Take over what was kept, if it is of use to go on from ``until_ns`` (Unix ns).

        Returns up to which event time it knows everything, None where nothing was taken over.
        """
        try:
            kept_ns = self._taken_over(until_ns)
        except StateError as error:
            self._reads.labels("refused").inc()
            self._log.warning(
                "what was kept is not used; it is learnt again from the store",
                reason=error.message,
            )
            return None
        self._reads.labels("none" if kept_ns is None else "used").inc()
        return kept_ns

    def forget(self) -> None:
        """Let the parts know nothing, before :meth:`restore` as of another time."""
        if self._writing is not None:
            self._writing.join()
        self._kept_ns = 0
        self._known.forget()

    def keep(self, watermark_ns: int) -> None:
        """Write down what is known, if it is time to; called between turns."""
        if not self._every_s or time.monotonic() < self._due_s:
            return
        if self._writing is not None and self._writing.is_alive():
            return
        stamp = self._stamp(watermark_ns)
        if stamp is None:
            return
        self._due_s = time.monotonic() + self._every_s
        self._writing = threading.Thread(
            target=self._write, args=(self._copy(), stamp), name="memory"
        )
        self._writing.start()

    def close(self, watermark_ns: int) -> None:
        """Write down what is known now, at the end."""
        if self._writing is not None:
            self._writing.join()
        stamp = self._stamp(watermark_ns)
        if stamp is not None:
            self._write(self._copy(), stamp)

    def _stamp(self, watermark_ns: int) -> dict[str, Any] | None:
        """None where there is nothing to keep: no news, or a window that was closed by half."""
        closed_ns = self._known.engine.closed_ns
        window_ns = self._known.engine.window_ns
        if closed_ns is None or closed_ns != watermark_ns // window_ns * window_ns:
            return None
        if closed_ns <= self._kept_ns:
            return None
        self._kept_ns = closed_ns
        return {**self._made_with, "closed_ns": closed_ns}

    def _copy(self) -> State:
        with self._copying.time():
            return self._known.state()

    def _write(self, state: State, stamp: dict[str, Any]) -> None:
        try:
            size = self._file.write(state, stamp)
        except OSError as error:
            self._kept_ns = 0  # so that it is tried again, though no window was closed since
            self._writes.labels("failed").inc()
            self._log.error(
                "what is known could not be written down; a restart would use what was kept before,"
                " and the store",
                reason=str(error),
            )
            return
        self._writes.labels("written").inc()
        self._size.set(size)

    def _taken_over(self, until_ns: int) -> int | None:
        stamp = self._file.stamp()
        if stamp is None:
            return None
        self._check(stamp, until_ns)
        found = self._file.read()
        if found is None:
            return None
        self._known.restore(found[0])
        closed_ns = int(stamp["closed_ns"])
        if self._known.engine.closed_ns != closed_ns:
            raise StateError("it does not know what its stamp says")
        self._kept_ns = closed_ns
        return closed_ns

    def _check(self, stamp: Any, until_ns: int) -> None:
        for name, mine in self._made_with.items():
            if stamp.get(name) != mine:
                raise StateError(f"it was made with {_other(name, stamp.get(name), mine)}")
        closed_ns = stamp.get("closed_ns")
        if not isinstance(closed_ns, int) or closed_ns > until_ns:
            raise StateError("it is of a later time than the incidents on record")
        if until_ns - closed_ns > self._oldest_ns:
            hours = (until_ns - closed_ns) / _HOUR_NS
            raise StateError(f"it is {hours:.1f} hours older than the incidents on record")


def _other(name: str, theirs: Any, mine: Any) -> str:
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return f"{name} {theirs}, and this is {mine}"
    differ = sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))
    return f"another {', '.join(differ)}"
