"""What the loader says about wrong files, word for word: golden/NAME.yaml is the file, golden/NAME.txt the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import check_golden
from vedette.detections.loader import load_text
from vedette.errors import ProblemsError

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_wrong_files(name: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        load_text((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")
    told = str(caught.value) + "\n"
    check_golden(GOLDEN / f"{name}.txt", told)
