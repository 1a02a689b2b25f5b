"""All detectors: one line each."""

from __future__ import annotations

from collections.abc import Callable

from sensorium.detect import presence
from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.beacon import BeaconDetector
from sensorium.detect.detectors.edge import EdgeDetector
from sensorium.detect.detectors.first_move import FirstMoveDetector
from sensorium.detect.detectors.host import HostDetector
from sensorium.detect.detectors.interface import InterfaceDetector
from sensorium.detect.detectors.joint import JointDetector
from sensorium.detect.detectors.log_host import LogHostDetector
from sensorium.detect.detectors.log_sequence import LogSequenceDetector
from sensorium.detect.detectors.log_template import LogTemplateDetector
from sensorium.detect.detectors.log_value import LogValueDetector
from sensorium.detect.detectors.metric_host import MetricHostDetector
from sensorium.detect.detectors.metric_shape import MetricShapeDetector
from sensorium.detect.detectors.motion import MotionDetector
from sensorium.detect.detectors.pair import PairDetector
from sensorium.detect.detectors.season import SeasonDetector
from sensorium.detect.detectors.series import SeriesDetector
from sensorium.detect.detectors.service import ServiceDetector
from sensorium.detect.detectors.silence import SilenceDetector, Watch
from sensorium.detect.detectors.surge import SurgeDetector
from sensorium.detect.logs.templates import Template
from sensorium.detect.models.host_models import HostModels
from sensorium.detect.models.registry import ModelRegistry
from sensorium.detect.models.seat import Role, Seat
from sensorium.detect.names import named
from sensorium.detect.protocol import Detector
from sensorium.links.network.names import FEATURES as EDGE_FEATURES
from sensorium.model.entity_kind import EntityKind as Kind
from sensorium.model.signals import Signal


def build_detectors(
    config: DetectConfig,
    template: Callable[[int], Template | None],
    models: ModelRegistry | None = None,
) -> tuple[Detector, ...]:
    """Every detector that is not switched off, in the order in which they are asked.

    ``template`` says what a log template id stands for. ``models`` has the trained models that
    stand in for what the stream fits.
    """
    hosts = HostDetector(config)
    trained = talk = None
    if models is not None:
        talk = Seat(models, EdgeDetector.name, Role.ACTIVE, EDGE_FEATURES, models.observe)
        columns = tuple(feature.name for feature in hosts.features)
        trained = HostModels(models, JointDetector.name, columns, JointDetector.features, config)

    def silence(
        name: str,
        kind: Kind,
        signal: Signal,
        watch: Watch,
        upstream: SilenceDetector | None = None,
    ) -> SilenceDetector:
        return SilenceDetector(
            config, name=name, kind=kind, signal=signal, watch=watch, upstream=upstream
        )

    flows, logs, metrics = Signal.FLOWS, Signal.LOGS, Signal.METRICS
    exporters = silence("flows.silence.exporter", Kind.EXPORTER, flows, presence.EXPORTERS)
    targets = silence("metrics.silence", Kind.HOST, metrics, presence.SCRAPE_TARGETS)
    every: tuple[Detector, ...] = (
        hosts,
        JointDetector(config, hosts, trained),
        PairDetector(config),
        EdgeDetector(config, talk),
        SurgeDetector(config),
        BeaconDetector(config),
        ServiceDetector(config),
        InterfaceDetector(config),
        exporters,
        silence("flows.silence.host", Kind.HOST, flows, presence.HOSTS, exporters),
        silence("flows.silence.service", Kind.SERVICE, flows, presence.SERVICES, exporters),
        silence("flows.silence.interface", Kind.INTERFACE, flows, presence.INTERFACES, exporters),
        LogTemplateDetector(config, template),
        LogValueDetector(config, template),
        LogSequenceDetector(config, template),
        LogHostDetector(config, template),
        silence("logs.silence", Kind.HOST, logs, presence.LOG_SENDERS),
        SeriesDetector(config),
        FirstMoveDetector(config),
        MotionDetector(config),
        SeasonDetector(config),
        MetricShapeDetector(config),
        MetricHostDetector(config),
        targets,
        silence("metrics.silence.metric", Kind.SERIES, metrics, presence.METRICS, targets),
    )
    off = named(config.switched_off)
    return tuple(detector for detector in every if detector.name not in off)
