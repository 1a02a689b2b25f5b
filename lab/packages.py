"""Debian's packages the lab runs on: installed when root, without starting their services."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LIST = Path(__file__).with_name("packages.txt")
_POLICY = Path("/usr/sbin/policy-rc.d")


class NotReady(Exception):  # noqa: N818 - it is a state of the computer, told to the person
    """The lab cannot run here; the text says why and what to do."""


def wanted() -> list[str]:
    """The packages the lab needs."""
    return LIST.read_text().split()


def missing() -> list[str]:
    """Those of them that are not installed."""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Provides} ${db:Status-Status}\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    installed: set[str] = set()
    for line in done.stdout.splitlines():
        if line.endswith(" installed"):
            installed.update(line.replace(",", " ").split()[:-1])
    return [p for p in wanted() if p not in installed]


def install() -> None:
    """Install what is missing. NotReady if that fails."""
    absent = missing()
    if not absent:
        return
    print(f"installing {' '.join(absent)}", flush=True)
    # A package's own service would run on this computer; the lab starts its own in namespaces.
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(["apt-get", "-qq", "update"], check=True, env=environment)
        subprocess.run(
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *absent],
            check=True,
            env=environment,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotReady(
            f"could not install {' '.join(absent)} ({error}); install them yourself and try again"
        ) from error
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)
