"""The settings tree: each part's own config dataclass, under the part's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensorium.agent.settings import AgentConfig
from sensorium.approval.config import ApprovalConfig
from sensorium.component import setting
from sensorium.console.config import ConsoleConfig
from sensorium.detect.config import DetectConfig
from sensorium.incident.config import IncidentConfig
from sensorium.ingest.changes.config import ChangesConfig
from sensorium.ingest.journal.config import JournalConfig
from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.ingest.otlp.config import OtlpConfig
from sensorium.ingest.prometheus.config import PrometheusConfig
from sensorium.ingest.remote_write.config import RemoteWriteConfig
from sensorium.ingest.sflow.config import SflowConfig
from sensorium.ingest.syslog.config import SyslogConfig
from sensorium.ingest.transport.config import ScrapeConfig, UdpConfig
from sensorium.ingest.transport.dtls.config import DtlsConfig
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.http.config import HttpConfig
from sensorium.ingest.transport.stream.config import IpfixStreamConfig, SyslogStreamConfig
from sensorium.links.serving.config import LinksConfig
from sensorium.observe.config import ObserveConfig
from sensorium.pipeline.config import ChangeSourcesConfig, InboxConfig, PipelineConfig
from sensorium.store.records.config import RecordsConfig
from sensorium.store.telemetry.config import TelemetryConfig
from sensorium.topology.config import TopologyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestConfig:
    """What comes in, and from where."""

    udp: UdpConfig = setting(UdpConfig, "")
    http: HttpConfig = setting(HttpConfig, "")
    grpc: GrpcConfig = setting(GrpcConfig, "")
    journal: JournalConfig = setting(JournalConfig, "")
    scrape: ScrapeConfig = setting(ScrapeConfig, "")
    netflow: NetflowConfig = setting(NetflowConfig, "")
    ipfix_stream: IpfixStreamConfig = setting(IpfixStreamConfig, "")
    ipfix_dtls: DtlsConfig = setting(DtlsConfig, "")
    sflow: SflowConfig = setting(SflowConfig, "")
    syslog: SyslogConfig = setting(SyslogConfig, "")
    syslog_stream: SyslogStreamConfig = setting(SyslogStreamConfig, "")
    syslog_dtls: DtlsConfig = setting(DtlsConfig, "")
    prometheus: PrometheusConfig = setting(PrometheusConfig, "")
    otlp: OtlpConfig = setting(OtlpConfig, "")
    remote_write: RemoteWriteConfig = setting(RemoteWriteConfig, "")
    changes: ChangesConfig = setting(ChangesConfig, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Where telemetry and records are kept."""

    telemetry: TelemetryConfig = setting(TelemetryConfig, "")
    records: RecordsConfig = setting(RecordsConfig, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one Sensorium."""

    data_dir: Path = setting(
        Path("var"), "folder of everything that is kept: telemetry, records, checkpoints"
    )
    ingest: IngestConfig = setting(IngestConfig, "")
    store: StoreConfig = setting(StoreConfig, "")
    changes: ChangeSourcesConfig = setting(ChangeSourcesConfig, "")
    pipeline: PipelineConfig = setting(PipelineConfig, "")
    inbox: InboxConfig = setting(InboxConfig, "")
    detect: DetectConfig = setting(DetectConfig, "")
    topology: TopologyConfig = setting(TopologyConfig, "")
    incident: IncidentConfig = setting(IncidentConfig, "")
    agent: AgentConfig = setting(AgentConfig, "")
    approval: ApprovalConfig = setting(ApprovalConfig, "")
    links: LinksConfig = setting(LinksConfig, "")
    observe: ObserveConfig = setting(ObserveConfig, "")
    console: ConsoleConfig = setting(ConsoleConfig, "")
