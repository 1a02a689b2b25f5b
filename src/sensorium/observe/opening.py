"""Make the façade of a running program from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from sensorium.observe.config import ObserveConfig
from sensorium.observe.facade import Observe
from sensorium.observe.logs import make_logger, route_standard_library
from sensorium.observe.meters import open_metering
from sensorium.observe.process import register_process_metrics
from sensorium.observe.traces import open_tracing

if TYPE_CHECKING:
    from sensorium.observe.shared import SharedMetrics


def open_observe(
    config: ObserveConfig, *, stream: TextIO | None = None, shared: SharedMetrics | None = None
) -> Observe:
    """Logs to ``stream`` (standard error), process metrics, and traces where configured.

    Takes over what libraries log through :mod:`logging`: call it once, in a program. Close the
    result, so that the last spans are sent. With ``shared`` this process is one of several that
    serve as one: its log entries name it, and what is exposed is of all of them.
    """
    logger = make_logger(config, stream)
    if shared is not None:
        logger = logger.bind(worker=shared.name)
    route_standard_library(logger, config.log_level)
    tracing = open_tracing(config)
    observe = Observe(
        tracer=tracing.tracer if tracing else None,
        logger=logger,
        on_close=tracing.close if tracing else None,
        open_metering=lambda: open_metering(config),
        exposed=None if shared is None else shared.registry,
    )
    if shared is None:
        register_process_metrics(observe)
    return observe
