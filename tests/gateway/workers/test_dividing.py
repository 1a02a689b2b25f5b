from __future__ import annotations

import pytest

from sensorium.errors import UsageError
from sensorium.gateway.cache.config import CacheConfig
from sensorium.gateway.config import GatewaySettings
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig
from sensorium.gateway.workers.dividing import divided


def given(workers: int, *, concurrent: int = 0) -> GatewaySettings:
    deployments = (
        DeploymentConfig(provider="up", model="a", max_concurrent=concurrent),
        DeploymentConfig(provider="up", model="b"),
    )
    return GatewaySettings(
        workers=workers,
        door=DoorConfig(max_connections=100),
        providers=(ProviderConfig(name="up", max_connections=10),),
        models=(ModelConfig(name="m", deployments=deployments),),
        cache=CacheConfig(max_bytes=1_000_000),
    )


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_what_workers_may_use_together_is_what_the_settings_say(workers: int) -> None:
    whole = given(workers, concurrent=8)
    shares = divided(whole)
    assert len(shares) == workers
    assert sum(one.door.max_connections for one in shares) == 100
    assert sum(one.providers[0].max_connections for one in shares) == 10
    limited = [one.models[0].deployments[0].max_concurrent for one in shares]
    assert sum(limited) == 8
    assert max(limited) - min(limited) <= 1
    assert sum(one.cache.max_bytes for one in shares) == 1_000_000
    assert {one.models[0].deployments[1].max_concurrent for one in shares} == {0}, "no limit"


def test_a_bound_that_has_not_one_for_each_worker_is_refused_with_its_name() -> None:
    with pytest.raises(UsageError, match=r"up/a: max_concurrent is 2: fewer than the 3 workers"):
        divided(given(3, concurrent=2))
    with pytest.raises(UsageError, match="up: max_connections is 10"):
        divided(given(11))
