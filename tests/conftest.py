"""What all tests share: reproducible property tests, and data that only some machines have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).resolve().parent.parent

# `make test` runs few examples, the same each time, and reports the first failing one as it is:
# shrinking it may take minutes. `make fuzz` runs many, new each time, and shrinks.
settings.register_profile(
    "test",
    max_examples=50,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "fuzz",
    max_examples=20_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("test")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real telemetry made by others, kept beside the checkout and never in it; skips without."""
    folder = Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (SENSORIUM_TEST_DATA names another place)")
    return folder
