"""What the spine does at the end, whatever fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sensorium.app.spine import Spine
from sensorium.store.errors import StoreWriteError


@pytest.mark.parametrize("failing", ["templates", "inquest", "telemetry", "records"])
def test_each_store_is_closed_though_one_cannot_write(failing: str) -> None:
    closed: list[str] = []

    def close(name: str) -> None:
        closed.append(name)
        if name == failing:
            raise StoreWriteError("the disk is full", 7)

    parts: dict[str, Any] = {
        name: SimpleNamespace(close=lambda name=name: close(name))
        for name in ("inquest", "telemetry", "records")
    }
    parts["templates"] = SimpleNamespace(save=lambda: close("templates"))
    with pytest.raises(StoreWriteError):
        Spine.close(cast(Spine, SimpleNamespace(**parts)))
    assert closed == ["templates", "inquest", "telemetry", "records"]
