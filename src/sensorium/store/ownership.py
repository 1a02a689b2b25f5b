"""Who owns an embedded store: one lock file beside it, held for as long as the engine is open."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from sensorium.store.errors import StoreInUseError, StoreOpenError


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a store open; ``url`` is its HTTP API, empty where it has none."""

    pid: int
    url: str


def lock_path(store: Path) -> Path:
    """The lock file of the store in folder ``store``: beside it, so the engine never sees it."""
    return store.with_name(store.name + ".lock")


def unusable(folder: Path, error: OSError) -> StoreOpenError:
    """What to tell a person whose data folder cannot be made, read or written."""
    return StoreOpenError(
        f"the data folder {folder} cannot be used: {error.strerror or error}",
        unaffected="nothing was started or changed",
        next_step="check data_dir or --data, that its disk has room, and who may write there",
    )


class StoreLock:
    """An advisory lock on one embedded store.

    The kernel drops it when the process ends, however it ends, so there is no stale lock to
    clear up. The file's content is JSON (``pid``, ``url``) for people and for the CLI.
    """

    def __init__(self, store: Path, url: str = "") -> None:
        """Take the lock, or raise StoreInUseError naming its holder.

        StoreOpenError where the folder cannot be made or written.
        """
        path = lock_path(store)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise unusable(path.parent, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = _read(self._file)
            os.close(self._file)
            raise StoreInUseError(str(store), owner.pid, owner.url) from None
        try:
            self._write(Owner(os.getpid(), url))
        except OSError as error:
            os.close(self._file)
            raise unusable(path.parent, error) from error

    def _write(self, owner: Owner) -> None:
        text = json.dumps({"pid": owner.pid, "url": owner.url}) + "\n"
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def set_url(self, url: str) -> None:
        """Say where the owner can be asked, once it serves (its port may be chosen late)."""
        self._write(Owner(os.getpid(), url))

    def release(self) -> None:
        """Give the lock back; the emptied file stays, since removing it would race."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def owner_of(store: Path) -> Owner | None:
    """The process that holds the store in folder ``store`` open, None where nobody does."""
    try:
        file = os.open(lock_path(store), os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unusable(store.parent, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(file)
    else:
        return None
    finally:
        os.close(file)


def _read(file: int) -> Owner:
    # The holder may be between truncating and writing: an unreadable file still has an owner.
    with contextlib.suppress(ValueError, KeyError, TypeError):
        content = json.loads(os.pread(file, 4096, 0))
        return Owner(int(content["pid"]), str(content["url"]))
    return Owner(0, "")
