"""Who it is that sends traces and metrics: the service, its version, and which process of it."""

from __future__ import annotations

import uuid
from functools import cache
from typing import TYPE_CHECKING

from sensorium import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource


@cache
def instance_id() -> str:
    """This process's ``service.instance.id``, drawn once.

    OpenTelemetry's conventions ask for one: the cumulative sums of two processes that sent under
    one identity would overwrite each other.
    """
    return str(uuid.uuid4())


def resource_of(service_name: str) -> Resource:
    """The resource of all signals of this process."""
    from opentelemetry.sdk.resources import Resource

    return Resource(
        {
            "service.name": service_name,
            "service.version": __version__,
            "service.instance.id": instance_id(),
        }
    )
