from __future__ import annotations

import ast

from tests.rules.tree import parsed, python_files, relative

FILE_LINES = 500
FUNCTION_LINES = 60


def test_no_file_is_longer_than_a_file_may_be() -> None:
    long = {}
    for path in python_files():
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > FILE_LINES:
            long[relative(path)] = lines
    assert long == {}, f"more than {FILE_LINES} lines: split by concept"


def test_no_function_is_longer_than_a_function_may_be() -> None:
    long = {}
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{relative(path)}:{node.lineno} {node.name}"] = lines
    assert long == {}, f"more than {FUNCTION_LINES} lines: name the steps"
