"""The settings tree: each part's own config dataclass, under the part's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensorium.agent.settings import AgentConfig
from sensorium.component import setting
from sensorium.console.config import ConsoleConfig
from sensorium.detect.config import DetectConfig
from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.observe.config import ObserveConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestConfig:
    """What comes in, and from where."""

    netflow: NetflowConfig = setting(NetflowConfig, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one Sensorium."""

    data_dir: Path = setting(
        Path("var"), "folder of everything that is kept: telemetry, records, checkpoints"
    )
    ingest: IngestConfig = setting(IngestConfig, "")
    detect: DetectConfig = setting(DetectConfig, "")
    agent: AgentConfig = setting(AgentConfig, "")
    observe: ObserveConfig = setting(ObserveConfig, "")
    console: ConsoleConfig = setting(ConsoleConfig, "")
