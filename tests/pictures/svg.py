"""A picture as an SVG file that needs nothing from outside."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len

from tests.pictures.picture import SIXTEEN, Look, Picture

FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"

_SIZE, _WIDTH, _HEIGHT = 14.0, 8.43, 17.0
"""Of the font, and of a cell; in pixels."""
_BASELINE = 13.0
_MARGIN = 14.0

_HEX = dict(
    zip(
        SIXTEEN,
        (
            "#000000", "#cd3131", "#0dbc79", "#c9b012", "#2472c8", "#bc3fbc", "#11a8cd", "#cccccc",
            "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
        ),
        strict=True,
    )
)  # fmt: skip
_PLAIN = re.compile(r"[ -~]+|.")
"""Letters of which every monospace font has the same width, or one other character."""


def drawn(picture: Picture, title: str) -> str:
    """The picture as SVG, with a title for those who can't see it."""
    grounds = Counter[str]()
    for look, area in picture.area.items():
        grounds[_ground(look)] += area
    ground = grounds.most_common(1)[0][0]
    columns = max(sum(cell_len(text) for text, _ in line) for line in picture.lines)
    width, height = columns * _WIDTH + 2 * _MARGIN, len(picture.lines) * _HEIGHT + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.2f} {height:.2f}" role="img">',
        f"<title>{escape(title)}</title>",
        "<style>",
        f"text {{ font: {_SIZE:g}px {FONTS}; white-space: pre }}",
        ".b { font-weight: bold } .i { font-style: italic } .d { opacity: 0.6 }",
        ".u { text-decoration: underline } .s { text-decoration: line-through }",
        "</style>",
        f'<rect width="{width:.2f}" height="{height:.2f}" rx="8" fill="{ground}"/>',
        f'<g transform="translate({_MARGIN:g} {_MARGIN:g})">',
    ]
    for at, line in enumerate(picture.lines):
        parts += _grounds(line, at, ground)
        parts += _texts(line, at)
    return "\n".join((*parts, "</g>", "</svg>", ""))


def _grounds(line: tuple[tuple[str, Look], ...], at: int, usual: str) -> list[str]:
    parts, x = [], 0
    for ground, run in groupby(line, key=lambda one: _ground(one[1])):
        cells = sum(cell_len(text) for text, _ in run)
        if ground != usual:
            parts.append(
                f'<rect x="{x * _WIDTH:.2f}" y="{at * _HEIGHT:g}" width="{cells * _WIDTH:.2f}"'
                f' height="{_HEIGHT:g}" fill="{ground}" shape-rendering="crispEdges"/>'
            )
        x += cells
    return parts


def _texts(line: tuple[tuple[str, Look], ...], at: int) -> list[str]:
    parts, x = [], 0
    for text, look in line:
        for piece in _PLAIN.findall(text):
            cells = cell_len(piece)
            lead = len(piece) - len(piece.lstrip(" "))
            shown = piece.strip(" ")
            if shown:
                start, length = (x + lead) * _WIDTH, cell_len(shown) * _WIDTH
                forced = f' textLength="{length:.2f}"' if len(shown) > 1 else ""
                parts.append(
                    f'<text x="{start:.2f}" y="{at * _HEIGHT + _BASELINE:g}" fill="{_ink(look)}"'
                    f"{forced}{_classes(look)}>{escape(shown)}</text>"
                )
            x += cells
    return parts


def _classes(look: Look) -> str:
    names = " ".join(name[0] for name in look.attributes if name != "reverse")
    return f" class={quoteattr(names)}" if names else ""


def _ink(look: Look) -> str:
    inks = (look.ink, "#cccccc"), (look.ground, "#000000")
    name, usual = inks["reverse" in look.attributes]
    return _HEX.get(name, name) or usual


def _ground(look: Look) -> str:
    grounds = (look.ground, "#000000"), (look.ink, "#cccccc")
    name, usual = grounds["reverse" in look.attributes]
    return _HEX.get(name, name) or usual
