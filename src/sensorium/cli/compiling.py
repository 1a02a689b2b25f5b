"""What a command compiles before it begins, where that has not been done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def compile_for_a_replay(err: Console) -> None:
    """Compile what a replay needs, saying so on ``err``; nothing where that is kept."""
    from sensorium.app.preparation import kept
    from sensorium.app.preparation.elsewhere import compile_for_a_replay as compile_it

    if kept.is_kept(for_replay=True):
        return
    if kept.folder() is None:
        err.print("decoders are compiled, which takes some minutes, and cannot be kept: see doctor")
        return
    told = "compiling the decoders, once: a minute or two"
    if not err.is_terminal:
        err.print(f"{told} ...")
        compile_it()
        return
    with err.status(told):
        compile_it()
