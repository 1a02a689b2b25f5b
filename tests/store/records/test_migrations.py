"""The schema: what the migrations build is what the code believes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from sensorium.observe import Observe
from sensorium.store.errors import StoreOpenError
from sensorium.store.records import Records, RecordsConfig, open_records
from sensorium.store.records.tables import METADATA
from tests.store.records import samples

if TYPE_CHECKING:
    import subprocess

OPENER = """
import sys
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
records = open_records(RecordsConfig(dsn=sys.argv[1]), Observe())
records.meta.set(sys.argv[2], "here")
records.close()
"""

# Adds one anomaly after the other and says so after each, until it is killed.
WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
from tests.store.records import samples
records = open_records(RecordsConfig(dsn=sys.argv[1]), Observe())
for number in range(10**9):
    records.anomalies.add_many([samples.anomaly(number)])
    records.audit.append(at_ns=number, kind="k", subject="s", actor="a", detail={})
    print(number, flush=True)
"""

Run = Callable[..., "subprocess.Popen[str]"]


def test_migrations_build_the_tables_that_the_code_uses(records: Records) -> None:
    with records.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_opening_again_changes_nothing(records_config: RecordsConfig, observe: Observe) -> None:
    for number in range(3):
        records = open_records(records_config, observe)
        assert records.meta.get("opened") == (str(number - 1) if number else None)
        records.meta.set("opened", str(number))
        records.close()


def test_processes_that_open_a_new_database_at_once_take_turns(
    records_config: RecordsConfig, observe: Observe, run_python: Run
) -> None:
    processes = [run_python(OPENER, records_config.dsn, f"p{i}") for i in range(2)]
    for process in processes:
        assert process.wait() == 0
        assert process.stdout is not None
        process.stdout.close()
    records = open_records(records_config, observe)
    assert [records.meta.get(f"p{i}") for i in range(2)] == ["here"] * 2
    records.close()


def test_a_database_of_a_newer_version_is_left_alone(
    records_config: RecordsConfig, observe: Observe
) -> None:
    records = open_records(records_config, observe)
    with records.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    records.close()
    with pytest.raises(StoreOpenError, match="newer sensorium"):
        open_records(records_config, observe)


def test_a_killed_writer_leaves_everything_it_acknowledged(
    records_config: RecordsConfig, observe: Observe, root: Path, run_python: Run
) -> None:
    writer = run_python(WRITER, records_config.dsn, str(root))
    assert writer.stdout is not None
    last = -1
    for line in writer.stdout:
        last = int(line)
        if last >= 20:
            break
    writer.kill()
    rest = writer.stdout.read().split()
    last = int(rest[-1]) if rest else last
    writer.wait()
    writer.stdout.close()
    records = open_records(records_config, observe)
    for number in range(last + 1):
        assert records.anomalies.get(samples.anomaly(number).id) == samples.anomaly(number)
    verdict = records.audit.verify()
    assert verdict.intact
    assert verdict.entries in {last + 1, last + 2}
    records.close()


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("not a url", "not a URL"),
        ("oracle+nothing://x", "unknown database"),
        ("postgresql://me:hunter2@127.0.0.1:1/db", "could not be opened"),
        ("sqlite:////proc/nowhere/records.sqlite", "could not be opened"),
    ],
)
def test_a_wrong_dsn_is_explained_without_its_password(
    observe: Observe, dsn: str, words: str
) -> None:
    if dsn.startswith("postgresql"):
        pytest.importorskip("psycopg")
    with pytest.raises(StoreOpenError, match=words) as refused:
        open_records(RecordsConfig(dsn=dsn), observe)
    assert "hunter2" not in str(refused.value)


def test_without_a_dsn_the_file_is_in_the_data_folder(tmp_path: Path, observe: Observe) -> None:
    open_records(RecordsConfig(), observe, data_dir=tmp_path / "new").close()
    assert (tmp_path / "new" / "records.sqlite").is_file()
    with pytest.raises(StoreOpenError, match="neither"):
        open_records(RecordsConfig(), observe)
