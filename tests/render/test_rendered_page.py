"""The HTML of a mail in a browser: it never scrolls sideways, on a phone or a screen, and no option is torn apart."""

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
from waiting import PATIENCE

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-extensions --window-size=900,900 --dump-dom"
)
MEASURE = """
<script>
// How many options of commands stand in one line, and how many in two.
function options(page) {
  const found = [0, 0], range = page.createRange();
  for (const code of page.querySelectorAll(".code")) {
    const texts = page.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/--[a-z][a-z-]*/g)) {
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        found[new Set([...range.getClientRects()].map(one => one.top)).size > 1 ? 1 : 0] += 1;
      }
    }
  }
  return found;
}
addEventListener("load", () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument.documentElement;
    const note = document.createElement("p");
    const [whole, torn] = options(frame.contentDocument);
    const size = `${page.scrollWidth} ${page.scrollHeight > 300}`;
    note.textContent = `measured ${frame.title} ${frame.width} ${size} ${whole} ${torn}`;
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
        for width in (320, 360, 800)
    ]
    wrapper = tmp_path / "mails.html"
    wrapper.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{''.join(frames)}{MEASURE}", encoding="utf-8")
    command = [str(BROWSER), *OPTIONS.split(), f"--user-data-dir={tmp_path / 'profile'}", wrapper.as_uri()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True)
    measured = re.findall(r"<p>measured (\S+) (\d+) (\d+) (\w+) (\d+) (\d+)</p>", done.stdout)
    assert len(measured) == len(frames)
    for name, width, scroll_width, tall, whole, torn in measured:
        assert int(scroll_width) <= int(width), name
        assert tall == "true", name
        assert int(whole) > 0 or name == "self", name
        assert torn == "0", name


def _attribute(notice: Notice) -> str:
    return render.email(notice).html.replace("&", "&amp;").replace('"', "&quot;")
