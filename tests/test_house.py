"""What holds for the whole house."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import index.errors

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "index", "ui", "evaluation")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py"
)


def test_the_tree_of_errors_is_drawn_in_its_docstring() -> None:
    drawn = inspect.getdoc(index.errors) or ""
    errors = [name for name, thing in vars(index.errors).items() if inspect.isclass(thing)]
    assert len(errors) >= 9
    assert [name for name in errors if name not in drawn] == []


@pytest.mark.parametrize("name", MODULES)
def test_all_lists_what_others_import(name: str) -> None:
    """`__all__` names only what is there, and everything that another module of the house takes from it."""
    module = importlib.import_module(name)
    declared = getattr(module, "__all__", None)
    if declared is not None:
        assert [missing for missing in declared if not hasattr(module, missing)] == []
        assert sorted(_taken_from(name) - set(declared)) == []


def _taken_from(name: str) -> set[str]:
    taken: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module == name:
                    taken |= {alias.name for alias in node.names}
    return taken
