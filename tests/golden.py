"""Comparison with golden files: what a person reads, word for word.

VEDETTE_UPDATE_GOLDEN=1 writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path


def check_golden(path: Path, text: str) -> None:
    """The text is the file's, to the letter; or the file is written."""
    if os.environ.get("VEDETTE_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    difference = "".join(difflib.unified_diff(expected.splitlines(True), text.splitlines(True), str(path), "now"))
    assert text == expected, f"VEDETTE_UPDATE_GOLDEN=1 accepts this:\n{difference}"
