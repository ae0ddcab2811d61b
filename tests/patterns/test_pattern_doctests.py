"""The examples in docstrings of the pattern and predicate rooms are run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import vedette.patterns
import vedette.predicates

MODULES = [
    f"{room.__name__}.{module.name}"
    for room in (vedette.patterns, vedette.predicates)
    for module in pkgutil.iter_modules(room.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    """Each gives what it says."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
