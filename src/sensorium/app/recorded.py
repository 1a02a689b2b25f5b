"""A recording down the whole path, in one process, as fast as it goes."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sensorium.app.spine import Spine, build_spine
from sensorium.config import Settings
from sensorium.errors import SensoriumError, UsageError
from sensorium.ingest.recording import Recording
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import recorded_arrivals
from sensorium.pipeline.summary import ReplayResult
from sensorium.pipeline.tally import tally
from sensorium.store.ownership import StoreLock, lock_path, unusable
from sensorium.store.telemetry import ClickHouseTelemetry, embedded_folder


def bundled_recordings() -> tuple[Path, ...]:
    """The recordings that come with a checkout, in order of their names."""
    folder = Path(__file__).resolve().parents[3] / "lab" / "recordings"
    return tuple(sorted(path.parent for path in folder.glob("*/manifest.json")))


def bundled_recording() -> Path:
    """The recording that a demo shows; UsageError where none was shipped."""
    found = bundled_recordings()
    if not found:
        raise UsageError(
            "no recording came with this installation",
            next_step="name one: sensorium demo FOLDER (a checkout has them in lab/recordings)",
        )
    return found[0]


def replay_recording(
    folder: Path,
    settings: Settings,
    *,
    fresh: bool = True,
    report: Callable[[float], None] = lambda _done: None,
    observe: Observe | None = None,
) -> ReplayResult:
    """Send a recording down the whole path, in this process, as fast as it goes.

    ``fresh`` replaces what an earlier replay left in the data folder. ``report`` is told the
    share that is done, 0 to 1.
    """
    recording = Recording.open(folder)
    if fresh:
        try:
            _clear(settings)
        except OSError as error:
            raise unusable(settings.data_dir, error) from error
    spine = build_spine(settings, observe or Observe())
    try:
        return run_recording(spine, recording, report)
    finally:
        spine.close()


def run_recording(
    spine: Spine, recording: Recording, report: Callable[[float], None] = lambda _done: None
) -> ReplayResult:
    """Feed a recording to a spine that is already built, and sum up what came of it."""
    started = time.perf_counter()
    for arrivals in recorded_arrivals(recording):
        spine.pipeline.take(arrivals)
        report(arrivals.progress)
    spine.pipeline.finish(recording.manifest.ended_ns, spine.settings.incident.settle_s)
    return tally(
        recording=recording,
        wall_s=time.perf_counter() - started,
        detect=spine.settings.detect,
        data_dir=spine.settings.data_dir,
        observe=spine.observe,
        telemetry=spine.telemetry,
        records=spine.records,
        identities=spine.identities,
        stats=spine.engine.stats(),
    )


def _clear(settings: Settings) -> None:
    """Empty a data folder that an earlier replay made; anything else is left alone.

    StoreInUseError where another process has its store open. The mark and the lock stay, so that a
    replay that is killed here is no obstacle to the next, and two never clear at once.
    """
    data, mark = settings.data_dir, settings.data_dir / "REPLAY"
    if data.exists() and any(data.iterdir()):
        if not mark.exists():
            raise SensoriumError(
                f"{data} holds data that no replay made",
                unaffected="it was left as it is",
                next_step="choose another folder with --data",
            )
        store = embedded_folder(settings.store.telemetry, data) or data / "telemetry"
        lock = StoreLock(store)
        try:
            for path in data.iterdir():
                if path in (mark, lock_path(store)):
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        finally:
            lock.release()
    data.mkdir(parents=True, exist_ok=True)
    mark.write_text("A replay made this folder; the next one replaces it.\n", encoding="utf-8")


@contextmanager
def recorded_telemetry(folder: Path, settings: Settings) -> Iterator[ClickHouseTelemetry]:
    """A recording decoded and stored in a folder of its own, to be asked; nothing is scored."""
    recording = Recording.open(folder)
    with tempfile.TemporaryDirectory(prefix="sensorium-recording-") as data:
        spine = build_spine(replace(settings, data_dir=Path(data)), Observe())
        try:
            for arrivals in recorded_arrivals(recording):
                spine.pipeline.keep(arrivals)
            spine.telemetry.flush()
            yield spine.telemetry
        finally:
            spine.close()
