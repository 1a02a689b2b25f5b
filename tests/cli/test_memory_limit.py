"""What a control group allows, in folders as the kernel shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensorium.cli.memory_limit import memory_limit

MIB = 1 << 20


@pytest.mark.parametrize(
    ("own", "files", "allowed"),
    [
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": f"{900 * MIB}\n"}, 900 * MIB),
        ("0::/a/b\n", {"a/b/memory.max": f"{5 * MIB}\n", "a/memory.max": "9\n"}, 9),
        ("0::/\n", {"memory.max": f"{MIB}\n"}, MIB),
        ("0::/a\n", {"a/memory.max": "max\n"}, None),
        # The host's path, of which a container sees the last part as the root.
        ("4:cpu,memory:/docker/c1\n", {"memory/memory.limit_in_bytes": f"{MIB}\n"}, MIB),
        (
            "4:memory:/a\n0::/\n",
            {"memory/a/memory.limit_in_bytes": "7\n", "memory/memory.limit_in_bytes": "8\n"},
            7,
        ),
        ("3:cpuset:/a\n", {"a/memory.max": "7\n", "memory.max": "7\n"}, None),
        ("", {}, None),
    ],
)
def test_the_least_limit_of_the_group_and_those_above_holds(
    tmp_path: Path, own: str, files: dict[str, str], allowed: int | None
) -> None:
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert memory_limit(tmp_path / "groups", tmp_path / "own") == allowed


def test_where_there_are_no_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path / "none") is None
