"""The HTML of a mail in a browser: it never scrolls sideways, on a phone of 360 px or in a window of 800 px."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from render.notices import variants
from render.test_hostile_texts import ATTACKS, attacked
from vedette.alerts import render
from vedette.alerts.notice import Notice

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-extensions --window-size=900,900 --dump-dom"
)
MEASURE = """
<script>
addEventListener("load", () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument.documentElement;
    const note = document.createElement("p");
    note.textContent = `measured ${frame.title} ${frame.width} ${page.scrollWidth} ${page.scrollHeight > 300}`;
    document.body.append(note);
  }
});
</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="no chromium to render with")
def test_no_mail_is_wider_than_its_window(tmp_path: Path) -> None:
    told = {name: variants()[name] for name in ("first-linked", "incident", "sign-in", "self")}
    told |= {name.replace(" ", "-"): attacked(ATTACKS[name]) for name in ("long word", "right to left", "style")}
    frames = [
        f'<iframe title="{name}" width="{width}" height="600" srcdoc="{_attribute(notice)}"></iframe>'
        for name, notice in told.items()
        for width in (360, 800)
    ]
    wrapper = tmp_path / "mails.html"
    wrapper.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{''.join(frames)}{MEASURE}", encoding="utf-8")
    command = [str(BROWSER), *OPTIONS.split(), f"--user-data-dir={tmp_path / 'profile'}", wrapper.as_uri()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=True)
    measured = re.findall(r"<p>measured (\S+) (\d+) (\d+) (\w+)</p>", done.stdout)
    assert len(measured) == len(frames)
    for name, width, scroll_width, tall in measured:
        assert int(scroll_width) <= int(width), name
        assert tall == "true", name


def _attribute(notice: Notice) -> str:
    return render.email(notice).html.replace("&", "&amp;").replace('"', "&quot;")
