"""``python -m lab record --seed N --out FOLDER``: record a small real network."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from lab import packages
from lab.machine import MachineError, missing_programs
from lab.plan import Kind, PlanError, make_plan
from lab.session import Session, describe, summary
from lab.site import make_site


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 when the recording is whole."""
    arguments = _parser().parse_args(argv)
    try:
        site = make_site(arguments.seed, arguments.name)
        only = tuple(Kind(k) for k in arguments.scenarios.split(",") if k)
        plan = make_plan(arguments.seed, arguments.plan, minutes=arguments.minutes, only=only)
        print(describe(site, plan), flush=True)
        if arguments.command == "plan":
            return 0
        _require_a_fit_computer(install=not arguments.no_install)
        if (arguments.out / "manifest.json").exists():
            raise packages.NotReady(f"{arguments.out} holds a recording; name another folder")
    except (PlanError, packages.NotReady, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    os.nice(-6)  # what else this computer does should not show in the recording
    session = Session(site, plan, arguments.out, keep_logs=arguments.keep_logs)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: session.end())
    began = time.monotonic()
    try:
        failures = session.run()
    except (MachineError, RuntimeError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    print(summary(arguments.out, began))
    for failure in failures:
        print(f"lab: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _require_a_fit_computer(*, install: bool) -> None:
    if sys.platform != "linux":
        raise packages.NotReady("the lab needs Linux: it is made of network namespaces")
    if os.geteuid() != 0:
        raise packages.NotReady("the lab makes network namespaces: run it as root")
    if shutil.which("dpkg-query") is None:
        raise packages.NotReady("the lab uses Debian's packages: run it on Debian or in its image")
    if install:
        packages.install()
    absent = packages.missing() or missing_programs()
    if absent:
        raise packages.NotReady(f"missing: {' '.join(absent)}; leave out --no-install, or install")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("record", "record"), ("plan", "say what would be recorded")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--seed", type=int, required=True, help="decides everything")
        command.add_argument("--plan", default="full", help="full, quiet, or kinds joined by +")
        command.add_argument("--minutes", type=float, help="length; the quiet parts give way")
        command.add_argument("--scenarios", default="", help="only these, comma-separated")
        command.add_argument("--name", default="", help="the site's name (the seed chooses one)")
        if name == "record":
            command.add_argument("--out", type=Path, required=True, help="the new folder")
            command.add_argument("--keep-logs", action="store_true", help="keep programs' output")
            command.add_argument("--no-install", action="store_true", help="install nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
