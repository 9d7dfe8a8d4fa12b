"""Text of two scripts on a page: Latin letters in Helvetica, everything else in a Song face of the reader's.

Neither is in the file. Helvetica and STSong-Light are names that every reader knows or replaces: what is
Chinese is kept as its letters in the national character collection, so it can be searched and copied too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

LATIN, BOLD, SONG, FIXED = "Helvetica", "Helvetica-Bold", "STSong-Light", "Courier"
_STAYS = frozenset("，。；：、！？）》”’,.;:!?)%")  # noqa: RUF001 - Chinese has its own
"""What no line begins with."""


@dataclass(frozen=True, slots=True)
class Style:
    """A size in points, how dark, and whether Latin letters are bold, or of one width."""

    size: float
    grey: float = 0.0
    face: str = LATIN


@lru_cache(maxsize=1)
def register() -> None:
    """Make the Song face known; the others are."""
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def clean(text: str) -> str:
    """Return a text without what has no shape, such as line ends, or marks that turn its direction."""
    return "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text)


def wrapped(text: str, style: Style, width: float) -> tuple[str, ...]:
    """Return a text as lines that are no wider than that; a word that is wider is broken."""
    lines = [""]
    for piece in _pieces(clean(text)):
        for part in _broken(piece, style, width):
            if lines[-1] and text_width((lines[-1] + part).rstrip(), style) > width:
                lines.append("")
            lines[-1] += part
    return tuple(line.rstrip() for line in lines)


def text_width(text: str, style: Style) -> float:
    """Return how wide a text is, in points."""
    return sum(_letter_width(letter, style.face) for letter in text) * style.size


def draw(page: Canvas, x: float, y: float, text: str, style: Style) -> None:
    """Draw a text from a point to the right, each run of letters in its face."""
    drawn = page.beginText(x, y)
    drawn.setFillGray(style.grey)
    for face, letters in groupby(clean(text), lambda letter: _face(letter, style.face)):
        drawn.setFont(face, style.size)
        drawn.textOut("".join(letters))
    page.drawText(drawn)


def draw_right(page: Canvas, x: float, y: float, text: str, style: Style) -> None:
    """Draw a text that ends at a point."""
    draw(page, x - text_width(clean(text), style), y, text, style)


def _pieces(text: str) -> Iterator[str]:
    """Yield what a line may end after: words with the blanks behind them, Chinese letters one by one."""
    piece = ""
    for letter in text:
        is_song = _face(letter, LATIN) == SONG
        starts = is_song or piece.endswith(" ") or (piece and _face(piece[-1], LATIN) == SONG)
        if piece and starts and letter not in _STAYS and letter != " ":
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece


def _broken(piece: str, style: Style, width: float) -> Sequence[str]:
    parts = [""]
    for letter in piece:
        if parts[-1] and text_width(parts[-1] + letter, style) > width:
            parts.append("")
        parts[-1] += letter
    return parts


@lru_cache(maxsize=8192)
def _letter_width(letter: str, face: str) -> float:
    register()
    return float(pdfmetrics.stringWidth(letter, _face(letter, face), 1))


@lru_cache(maxsize=8192)
def _face(letter: str, face: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return SONG
    return face
