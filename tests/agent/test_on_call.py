from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.agent import OnCall
from sensorium.model.incident import IncidentState
from sensorium.store.errors import StoreOpenError
from tests.agent.conftest import Bench

_METRICS = (
    "sensorium_agent_anomalies_left_out_total 0.0",
    "# TYPE sensorium_agent_investigations_total counter",
    "# TYPE sensorium_agent_tool_calls_total counter",
    "# TYPE sensorium_agent_findings_dropped_total counter",
    "sensorium_agent_investigation_seconds_count 0.0",
)


def test_nothing_of_it_is_loaded_and_all_its_metrics_are_told_before_an_incident(
    tmp_path: Path,
) -> None:
    program = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from sensorium.app.spine import build_spine\n"
        "from sensorium.config import load\n"
        "from sensorium.observe import Observe\n"
        "from sensorium.observe.exposition import exposition\n"
        "observe = Observe()\n"
        "settings = replace(load(environ={}), data_dir=Path(sys.argv[1]))\n"
        "build_spine(settings, observe).close()\n"
        "print(exposition(observe)[0].decode())\n"
        "print({'langgraph', 'langchain_core', 'langsmith'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
    assert [line for line in _METRICS if line not in done.stdout] == []


def test_it_is_woken_by_an_incident_and_goes_on_where_another_process_stopped(
    bench: Bench, tmp_path: Path
) -> None:
    path, case = tmp_path / "new" / "on_call.sqlite", bench.scenario
    first = OnCall(bench.deps, path)
    assert first.continue_unfinished() == []
    asked = first.investigate(case.incident, case.anomalies, case.until_ns).approval
    first.close()
    assert asked is not None
    bench.desk.decide(asked.id, "reject", "ada", "not today")
    second = OnCall(bench.deps, path)
    (result,) = second.continue_unfinished()
    second.close()
    assert result.incident.id == case.incident.id
    assert result.incident.state is IncidentState.ESCALATED


def test_a_file_that_it_cannot_use_is_refused_before_there_is_an_incident(
    bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "spoiled.sqlite"
    path.write_bytes(b"no database " * 100)
    with pytest.raises(StoreOpenError, match="not a database"):
        OnCall(bench.deps, path)
    with pytest.raises(StoreOpenError, match="cannot be opened"):
        OnCall(bench.deps, path / "within")
