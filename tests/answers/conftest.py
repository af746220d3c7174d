import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def notebook(tmp_path) -> Callable[..., Path]:
    """Write a notebook of the given cells; a cell is a source, or a source with its metadata."""

    def write(*cells: Any) -> Path:
        path = tmp_path / "answers.ipynb"
        content = {
            "cells": [_cell(each) for each in cells],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def _cell(content: Any) -> Any:
    if not isinstance(content, str | tuple):
        return content
    source, more = content if isinstance(content, tuple) else (content, {})
    cell = {"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | {"outputs": [], "execution_count": None} | more
