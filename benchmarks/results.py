"""``benchmarks/results.md``: a section for each benchmark, which says when and on what it ran."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.report import number

_HEAD: Final = """# Benchmark results

Written by `make bench`, or for some benchmarks alone by `python -m benchmarks NAME ...`, which
leaves the other sections as they are. Goals are those that the project has set itself."""
_SECTION: Final = "\n## "
_CELLS: Final = 8
_LIBRARIES: Final = ("numpy", "pyarrow", "numba", "scikit-learn", "chdb")


def machine() -> str:
    """What the figures were measured on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = platform.release().partition("-")[0]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"{platform.system()} {kernel}; Python {platform.python_version()}; {libraries}"
    )


def section(outcome: Sequence[Mapping[str, Any]] | str, seconds: float) -> str:
    """What one benchmark came to: its claims as a Markdown table, or why there are none."""
    measured = f"{datetime.now(UTC):%Y-%m-%d}, {seconds:,.0f} s on {machine()}."
    if isinstance(outcome, str):
        return f"{measured}\n\nNo figures: {outcome}."
    return "\n".join([measured, "", *table(outcome)])


def table(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """One benchmark's claims as a Markdown table."""
    lines = [
        "| claim | ours | unit | peer | peer's | ratio | goal | met |",
        "|---|---:|---|---|---:|---:|---|---|",
    ]
    for claim in claims:
        ratio = "" if claim["ratio"] is None else f"{claim['ratio']:.2f}x"
        met = {None: "", True: "yes", False: "no"}[claim["met"]]
        cells = [claim["name"], number(claim["ours"]), claim["unit"], claim["peer"]]
        cells += [number(claim["peer_value"]), ratio, claim["goal"], met]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def keep(path: Path, sections: Mapping[str, str]) -> None:
    """Put sections into the page, by name, in place of those that it has."""
    kept = {**read(path), **sections}
    texts = [f"{_SECTION}{name}\n\n{kept[name]}\n" for name in sorted(kept)]
    path.write_text(f"{_HEAD}\n\n{_goals(kept)}\n{''.join(texts)}", encoding="utf-8")


def _goals(sections: Mapping[str, str]) -> str:
    """How many goals are met, and which are not."""
    met, missed = 0, []
    for name in sorted(sections):
        for line in sections[name].splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == _CELLS and cells[-1] in {"yes", "no"}:
                met += cells[-1] == "yes"
                if cells[-1] == "no":
                    claim, ours, unit, goal = (cells[n] for n in (0, 1, 2, 6))
                    missed.append(f"- `{name}`: {claim}: {ours} {unit}, goal {goal}")
    said = f"Of {met + len(missed)} goals below {met} are met"
    return "\n".join([f"{said}; not met are:", "", *missed] if missed else [f"{said}."])


def read(path: Path) -> dict[str, str]:
    """The sections of a page by name; none where there is no page."""
    if not path.exists():
        return {}
    _, *parts = path.read_text(encoding="utf-8").split(_SECTION)
    found = (part.partition("\n") for part in parts)
    return {name: text.strip() for name, _, text in found}


def _processor() -> str:
    """The processor's model name where the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
