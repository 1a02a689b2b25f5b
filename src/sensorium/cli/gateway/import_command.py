"""``sensorium gateway import FILE``: the settings of a LiteLLM proxy as ours."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the settings there, where no file is yet; standard output by default.",
)
def import_command(file: Path, output: Path | None) -> None:
    """Read a LiteLLM proxy's FILE (config.yaml) and write it as gateway settings.

    What could not be carried over is said on standard error, each with its place. No key is copied:
    a key that stands in FILE becomes a reference to an environment variable.
    """
    import os

    from sensorium.errors import SensoriumError, UsageError
    from sensorium.gateway.importing.litellm import import_litellm
    from sensorium.gateway.importing.reading import MAX_BYTES

    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not UTF-8 text", unaffected="nothing was written") from error
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    imported = import_litellm(text, os.environ)
    if output is None:
        click.echo(imported.settings_yaml, nl=False)
    else:
        try:
            with output.open("x", encoding="utf-8") as made:
                made.write(imported.settings_yaml)
        except FileExistsError as error:
            raise SensoriumError(
                f"{output}: is there already", unaffected="it was left as it is"
            ) from error
    for note in imported.notes:
        click.echo(str(note), err=True)
    count = len(imported.notes)
    click.echo(
        f"{count} note{'' if count == 1 else 's'}; check it with"
        f" `sensorium gateway check -c {output or 'gateway.yaml'}`",
        err=True,
    )
