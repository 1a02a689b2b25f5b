"""The ``sensorium`` command: one module per noun, loaded only when that noun is used.

A module ``cli/NOUN.py`` holds a click command or group named like the noun. To add one, write the
module and its line in :data:`COMMANDS`.
"""

from __future__ import annotations

from errno import EDQUOT, ENOSPC
from keyword import iskeyword
from typing import Any

import click

from sensorium import __version__
from sensorium.cli.ending import Ended, breaking_off, end_by
from sensorium.cli.letters import escape_what_is_lacking
from sensorium.cli.streams import drop_what_cannot_be_written, open_what_is_closed
from sensorium.errors import SensoriumError

# In the order a newcomer meets them, which is the order `sensorium --help` prints.
COMMANDS = {
    "demo": "Replay a bundled recording and show what is found in it.",
    "run": "Watch a network, as a service with an HTTP API.",
    "replay": "Send a recording's original bytes to a running service.",
    "exporters": "Show who sends to a service, how much, and what is lost.",
    "incident": "List incidents, read their briefs, and say what they were.",
    "evidence": "Show what a finding stands on, and run its query again.",
    "topology": "Show what is connected to what, and what is lost if a part of it fails.",
    "approval": "List what waits for a person; approve or reject it.",
    "audit": "Read and verify the hash-chained log of every decision.",
    "decode": "Print the records in payloads, captures and files as JSON.",
    "detect": "Find what is odd in the metric series of a CSV or Parquet file.",
    "links": "Learn from a graph who is likely to be tied to whom.",
    "models": "Train models from what was stored, and say which of them decide.",
    "logs": "Find the templates of the lines in log files.",
    "evaluate": "Score a recording's incidents against its truth.",
    "gateway": "One door for every model call: keys, budgets, routing, guardrails, a ledger.",
    "certificate": "Make a certificate for TLS and DTLS, and show fingerprints.",
    "config": "Check, print and explain the settings.",
    "doctor": "Say what on this machine would keep Sensorium from working well.",
}


_NO_ROOM = (ENOSPC, EDQUOT)


def show_error(error: SensoriumError) -> None:
    """Print what happened, what is unaffected and what to do next, on standard error."""
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(error.message, err=True)
    for line in (error.unaffected, error.next_step):
        if line:
            click.echo(f"  {line}", err=True)


class Noun(click.Group):
    """A group that lists its commands each with its whole first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them as click does, but never cut short."""
        listed = [
            (name, command.get_short_help_str(limit=1000))
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(listed)


class LazyGroup(click.Group):
    """Knows every command's name and one-line help without importing any of them.

    ``table`` has them in the order that help prints; each is in the module of its name in
    ``package``.
    """

    def __init__(self, *args: Any, table: dict[str, str], package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and take the command of its name."""
        if cmd_name not in self._table:
            return None
        from importlib import import_module

        # `import` is a word of Python's and cannot name a module that is imported by statement.
        name = f"{cmd_name}_command" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"{self._package}.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is nearly right gets a "did you mean"."""
        name = args[0] if args else ""
        if name and name not in self._table and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name, self._table, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            ctx.fail(f"there is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table alone, so that help stays quick."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors meant for people are printed without a traceback."""
        try:
            return super().invoke(ctx)
        except SensoriumError as error:
            show_error(error)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            show_error(SensoriumError(f"there is no room to write: {error}"))
            drop_what_cannot_be_written()
            ctx.exit(SensoriumError.exit_code)


class Program(LazyGroup):
    """All of it, which a signal breaks off in order."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Be this process's command. Where it is broken off, the process ends by that signal."""
        open_what_is_closed()
        escape_what_is_lacking()
        with breaking_off():
            try:
                return super().__call__(*args, **kwargs)
            except Ended as ended:
                end_by(ended.number)
                raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as told:
            raise Ended(told) from None


@click.group(
    cls=Program,
    table=COMMANDS,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "\b\nNew here?  sensorium demo\n"
        'Completion: eval "$(_SENSORIUM_COMPLETE=bash_source sensorium)" (or zsh_source)'
    ),
)
@click.version_option(__version__, message="sensorium %(version)s")
def main() -> None:
    """Network telemetry in, a few reasoned incidents out.

    Nothing on the network changes until a person approves exactly that change.
    """
