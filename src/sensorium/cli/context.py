"""Where a command finds its settings and its data, and who owns the data at this moment."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from sensorium.cli.service import Service
    from sensorium.config import Settings
    from sensorium.incident.ranking.ranker import Ranker
    from sensorium.observe import Observe
    from sensorium.store.ownership import Owner
    from sensorium.store.records import Records
    from sensorium.store.telemetry import ClickHouseTelemetry

DEMO_FOLDER = Path(".demo")

Command = Callable[..., Any]

_SETTINGS: Final[dict[str, Any]] = {
    "type": click.Path(path_type=Path, dir_okay=False),
    "help": "Settings file (default: the defaults).",
}
config_option = click.option("-c", "--config", "config", **_SETTINGS)
"""A settings file, for commands that need no data folder to be found for them."""


class Home:
    """The settings in force and the data folder they mean for this command.

    ``note`` is said on standard error when the folder is first asked for, if it ever is.
    """

    def __init__(self, settings: Settings, data: Path, note: str = "") -> None:
        self.settings = settings
        self._data, self._note = data, note

    @property
    def data(self) -> Path:
        """The data folder."""
        if self._note:
            click.echo(self._note, err=True)
            self._note = ""
        return self._data

    def observe(self) -> Observe:
        """The façade of a command: its logs go to standard error, warnings and worse only."""
        from sensorium.observe import Observe

        return Observe()

    def owner(self) -> Owner | None:
        """The process that holds this folder's telemetry open; None where none does."""
        from sensorium.store.ownership import owner_of
        from sensorium.store.telemetry import embedded_folder

        folder = embedded_folder(self.settings.store.telemetry, self.data)
        return None if folder is None else owner_of(folder)

    def service(self) -> Service | None:
        """The running service that owns the data, to be asked instead; None where none does.

        Says so on standard error, since the answer then is the service's and not the files'.
        """
        from sensorium.cli.service import Service

        owner = self.owner()
        if owner is None or not owner.url:
            return None
        click.echo(f"asking the service at {owner.url} (process {owner.pid})", err=True)
        return Service(owner.url, self.settings.console.token)

    @contextmanager
    def records(self) -> Iterator[Records]:
        """The records store; SQL databases are shared, so a running service is no obstacle."""
        from sensorium.store.records import open_records

        if not self.settings.store.records.dsn:
            self._require_folder()
        records = open_records(self.settings.store.records, self.observe(), data_dir=self.data)
        try:
            yield records
        finally:
            records.close()

    def _require_folder(self) -> None:
        """A folder that is not there is a slip of the pen, not a network without incidents."""
        from sensorium.errors import UsageError

        if not self.data.is_dir():
            raise UsageError(
                f"there is no data folder {self.data}",
                unaffected="nothing was read or made",
                next_step="name one with --data, or make one: sensorium demo, sensorium run",
            )

    def ranker(self, records: Records) -> Ranker:
        """What rates incidents by the labels of earlier ones, with the models of this folder."""
        import time

        from sensorium.detect.models import ModelRegistry
        from sensorium.incident.ranking.ranker import Ranker

        observe = self.observe()
        registry = ModelRegistry(self.data / "models", time.time_ns, observe)
        return Ranker(registry, records, observe)

    @contextmanager
    def telemetry(self) -> Iterator[ClickHouseTelemetry]:
        """The telemetry store; raises StoreInUseError while a service holds an embedded one."""
        from sensorium.store.telemetry import open_telemetry

        if not self.settings.store.telemetry.dsn:
            self._require_folder()
        store = open_telemetry(self.settings.store.telemetry, self.observe(), data_dir=self.data)
        try:
            yield store
        finally:
            store.close()


def find_home(config: Path | None, data: Path | None) -> Home:
    """Settings from ``config`` and the environment; the data folder by the first rule that fits.

    ``--data`` or ``SENSORIUM_DATA``; a ``data_dir`` that somebody set; ``var`` where it exists
    and is more than the gateway's; the last demo's folder, so that what a demo printed can be tried
    at once; ``var``.
    """
    from sensorium.config import load_given

    loaded = load_given(config, os.environ)
    default = loaded.settings.data_dir
    if data is not None:
        return Home(loaded.settings, data)
    if "data_dir" not in loaded.given and not _is_used(default) and DEMO_FOLDER.is_dir():
        note = f"using the last demo's data in {DEMO_FOLDER}"
        return Home(loaded.settings, DEMO_FOLDER, note)
    return Home(loaded.settings, default)


def data_flag(data: Path) -> str:
    """What a printed command needs to find ``data`` again from here: `` --data DIR`` or nothing."""
    default = Path(os.environ.get("SENSORIUM_DATA", "var"))
    if data == default or (data == DEMO_FOLDER and not _is_used(default)):
        return ""
    return f" --data {data}"


def _is_used(folder: Path) -> bool:
    """Whether it is there for more than the gateway, whose ledger has the same folder by default
    and is made by whoever only asks what was spent."""
    if not (folder / "gateway.sqlite").exists():
        return folder.exists()
    return any((folder / name).exists() for name in ("records.sqlite", "telemetry"))


def home_options(command: Command) -> Command:
    """Give a click command ``-c/--config`` and ``--data``; it receives ``home: Home``."""

    @functools.wraps(command)
    def with_home(*args: Any, config_file: Path | None, data: Path | None, **kwargs: Any) -> Any:
        return command(*args, home=find_home(config_file, data), **kwargs)

    with_config = click.option(
        "-c", "--config", "config_file", envvar="SENSORIUM_CONFIG", **_SETTINGS
    )
    with_data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="SENSORIUM_DATA",
        help="Data folder (default: the settings' data_dir, else the last demo's).",
    )
    return with_config(with_data(with_home))
