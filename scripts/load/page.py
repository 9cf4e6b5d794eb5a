"""The frame of every report: one HTML file that needs nothing else, readable in light and dark and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from aigc.catalog.faults import fail

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #5b6570; --rule: #d9dee3;
  --one: #0b63b5; --two: #b4500a; --three: #2c7a3f; --four: #7a3fb0; --five: #8a6d00; --six: #00797a;
  --bad: #c2182b; --note: #fff6dd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #15181b; --soft: #a3adb7; --rule: #363c43;
  --one: #6cb4ff; --two: #ffa45c; --three: #74cf8c; --four: #c79bff; --five: #e3c44a; --six: #5fd0d0;
  --bad: #ff7482; --note: #38311a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 800px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; } p { margin: .3rem 0; }
.soft, caption { color: var(--soft); } caption { text-align: left; font-size: 13px; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem .7rem .25rem 0;
  border-bottom: 1px solid var(--rule); vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.note { background: var(--note); padding: .4rem .7rem; } .no { color: var(--bad); font-weight: 600; }
.worse { color: var(--bad); } .better { color: var(--three); }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--soft); }
.shade { fill: var(--rule); opacity: .45; }
.grid { stroke: var(--rule); stroke-width: 1; } .line { fill: none; stroke-width: 1.8; } .dots { opacity: .55; }
.line.s1 { stroke: var(--one); } .line.s2 { stroke: var(--two); } .line.s3 { stroke: var(--three); }
.line.s4 { stroke: var(--four); } .line.s5 { stroke: var(--five); } .line.s6 { stroke: var(--six); }
.line.bad { stroke: var(--bad); }
.dots.s1, .key.s1 { fill: var(--one); } .dots.s2, .key.s2 { fill: var(--two); }
.dots.s3, .key.s3 { fill: var(--three); } .dots.s4, .key.s4 { fill: var(--four); }
.dots.s5, .key.s5 { fill: var(--five); } .dots.s6, .key.s6 { fill: var(--six); }
.dots.bad, .key.bad { fill: var(--bad); }
""".strip()


def page(title: str, subtitle: str, parts: Iterable[str], style: str = "") -> str:
    """A whole document; `parts` are HTML already, `style` is what a page adds to the common rules."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Says to the browser what is true anyway: nothing is loaded and nothing runs.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n<body>"
        f'<h1>{escape(title)}</h1><p class="soft">{escape(subtitle)}</p>\n' + "\n".join(parts) + "</body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A heading and what is under it; nothing when there is nothing."""
    return f"<h2>{escape(title)}</h2>{''.join(parts)}" if any(parts) else ""


def paragraph(text: str, style: str = "") -> str:
    """One sentence or a few."""
    return f'<p class="{style}">{escape(text)}</p>' if style else f"<p>{escape(text)}</p>"


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: range = range(0), styles: Sequence[str] = ()
) -> str:
    """A table; columns in `numbers` are set as numbers, and each row may have a class."""

    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="number">{escape(v)}</{tag}>' if index in numbers else f"<{tag}>{escape(v)}</{tag}>"
            for index, v in enumerate(values)
        )

    body = "".join(
        f'<tr class="{styles[index] if styles else ""}">{cells("td", row)}</tr>' for index, row in enumerate(rows)
    )
    top = f"<thead><tr>{cells('th', head)}</tr></thead>" if head else ""
    return f"<table>{top}<tbody>{body}</tbody></table>"


def write_page(path: Path, document: str) -> None:
    """Write a report; its folder was made when the path was checked."""
    try:
        path.write_text(document, "utf-8")
    except OSError as refused:
        raise fail(str(path), f"cannot be written: {refused.strerror}", "name another file") from refused
