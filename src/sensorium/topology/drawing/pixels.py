"""How numbers are written in the document."""

from __future__ import annotations


def px(value: float) -> str:
    """``12.5``, ``12``, ``0``: a tenth of a pixel is enough."""
    text = f"{value:.1f}"
    return "0" if text in {"-0.0", "0.0"} else text.removesuffix(".0")
