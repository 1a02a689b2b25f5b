"""How many files and sockets this process may have open."""

from __future__ import annotations

import contextlib
import resource
from typing import Final

from sensorium.errors import SensoriumError

MOST: Final = 65_536
"""More than these are of no use, even where no limit is set."""
LEAST: Final = 256
"""A service with its embedded store, idle, has a hundred open, and some more while it merges."""


def allowed() -> tuple[int, int]:
    """The limit that holds, and the one that a process may raise it to."""
    soft, hard = (
        MOST if limit == resource.RLIM_INFINITY else limit
        for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    return soft, hard


def require_enough() -> None:
    """Raise the limit, and SensoriumError where a service cannot work with what is allowed.

    One that cannot open a file restarts its parts for ever, and says so of each.
    """
    most = allow_many()
    if most < LEAST:
        raise SensoriumError(
            f"this process may open {most} files and sockets; a service needs at least {LEAST}",
            unaffected="nothing was started or written",
            next_step="raise the hard limit: ulimit -Hn, LimitNOFILE= of a systemd unit, or "
            "--ulimit nofile= of a container",
        )


def allow_many() -> int:
    """Raise the limit as far as is allowed, to :data:`MOST` at most; returns what holds then.

    Shells and systemd begin with 1,024, for the sake of programs that call ``select``. Each sender
    that is connected takes one, and the embedded store takes hundreds while it merges.
    """
    soft, hard = allowed()
    if soft < min(hard, MOST):
        # Some kernels grant less than the hard limit says.
        with contextlib.suppress(ValueError, OSError):
            _, ceiling = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST), ceiling))
    return allowed()[0]
