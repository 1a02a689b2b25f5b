"""The composition root: settings in, running parts out. Only this package imports every part."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.app.recorded import (
        bundled_recording,
        bundled_recordings,
        replay_recording,
        run_recording,
    )
    from sensorium.app.service import run_service
    from sensorium.app.spine import Spine, build_spine

__getattr__ = lazy_names(
    __name__,
    recorded="bundled_recording bundled_recordings replay_recording run_recording",
    service="run_service",
    spine="Spine build_spine",
)

__all__ = [
    "Spine",
    "build_spine",
    "bundled_recording",
    "bundled_recordings",
    "replay_recording",
    "run_recording",
    "run_service",
]
