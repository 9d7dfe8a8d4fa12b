"""Text of two scripts on a page: Latin letters in Helvetica, everything else in a Song face of the reader's.

Neither is in the file. Helvetica and STSong-Light are names that every reader knows or replaces: what is
Chinese is kept as its letters in the national character collection, so it can be searched and copied too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

LATIN, BOLD, SONG, FIXED = "Helvetica", "Helvetica-Bold", "STSong-Light", "Courier"
_STAYS = frozenset("，。；：、！？）》”’,.;:!?)%")  # noqa: RUF001 - Chinese has its own
"""What no line begins with."""
LAST, SQUARE = 0x10000, "\u25a1"
"""Where the letters end that the Song face's encoding has, and what stands for the others."""


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
    """Return a text as its letters can be drawn: line ends and what turns the direction are blanks.

    What the Song face's encoding has no place for, such as a smile, is a square.
    """
    return "".join(_drawable(letter) for letter in text)


def wrapped(text: str, style: Style, width: float) -> tuple[str, ...]:
    """Return a text as lines that are no wider than that; a word that is wider is broken."""
    lines, used = [""], 0.0
    for part in _parts(clean(text), style, width):
        size = text_width(part, style)
        if lines[-1] and used + text_width(part.rstrip(), style) > width:
            lines.append("")
            used = 0.0
        lines[-1] += part
        used += size
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


def _parts(text: str, style: Style, width: float) -> Iterator[str]:
    """Yield the pieces of a text, each that is wider than a line in parts that are not."""
    for piece in _pieces(text):
        part, used = "", 0.0
        for letter in piece:
            size = _letter_width(letter, style.face) * style.size
            if part and letter != " " and used + size > width:
                yield part
                part, used = "", 0.0
            part, used = part + letter, used + size
        yield part


@lru_cache(maxsize=8192)
def _drawable(letter: str) -> str:
    if unicodedata.category(letter)[0] == "C":
        return " "
    return letter if ord(letter) < LAST else SQUARE


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
