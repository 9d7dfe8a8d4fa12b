"""A signed statement as a PDF on A4: who and when, the sums, where the money is, every line, the signature.

The bytes depend on the statement alone: its own instant is the file's date.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from grapevine.adapters.pdf.text import BOLD, FIXED, Style, draw, draw_right, register, wrapped
from grapevine.domain.money import POINTS, format_minor, parse_minor
from grapevine.domain.statement_lines import PLACES, LineKind
from grapevine.domain.statement_texts import KINDS, LABELS, PLACE_NAMES, Label
from grapevine.domain.wording import Language

WIDTH, HEIGHT = float(A4[0]), float(A4[1])
LEFT, RIGHT, TOP, BOTTOM = 48.0, WIDTH - 48.0, HEIGHT - 54.0, 72.0
MIDDLE = WIDTH / 2 + 12
DATE_WIDTH, AMOUNT_AT, BALANCE_AT = 74.0, RIGHT - 84.0, RIGHT
TEXT_AT, TEXT_WIDTH = LEFT + DATE_WIDTH, AMOUNT_AT - 58.0 - LEFT - DATE_WIDTH
TITLE, HEADING, BODY = Style(20, face=BOLD), Style(11, face=BOLD), Style(9)
STRONG, SMALL, FAINT = Style(9, face=BOLD), Style(7.5, grey=0.35), Style(6.5, grey=0.35, face=FIXED)
STEP, SMALL_STEP = 13.0, 9.5
USUAL = (LineKind.ACCRUAL, LineKind.REVERSAL, LineKind.BONUS, LineKind.FEE, LineKind.TAX, LineKind.PAYOUT)
"""What is summed up also where it comes to nothing."""
SILENT = (LineKind.MOVE, LineKind.CARRY)
"""What changes no balance."""


class StatementPdf:
    """Prints statements."""

    def pdf(self, document: Mapping[str, Any]) -> bytes:
        """Return a signed statement as a PDF, the same bytes whenever it is asked for."""
        register()
        pages = tuple(_paged(document))
        out = io.BytesIO()
        canvas = _canvas(out, document)
        for number, rows in enumerate(pages, start=1):
            y = _head(canvas, document) if number == 1 else _reminder(canvas, document)
            _table(canvas, document, rows, y)
            _foot(canvas, document, number, len(pages))
            canvas.showPage()
        canvas.save()
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as it is shown; `text` is wrapped already."""

    date: str
    time: str
    name: str
    text: tuple[str, ...]
    amount: str
    balance: str

    @property
    def height(self) -> float:
        return STEP + SMALL_STEP * len(self.text) + 5


def _words(document: Mapping[str, Any]) -> Mapping[Label, str]:
    return LABELS[Language(document["language"])]


def _canvas(out: io.BytesIO, document: Mapping[str, Any]) -> Canvas:
    canvas = Canvas(out, pagesize=A4, invariant=1, lang=document["language"])
    as_of = datetime.fromisoformat(document["as_of"])
    date = as_of.strftime("D:%Y%m%d%H%M%S+00'00'")
    canvas.setDateFormatter(lambda *_: date)
    canvas.setTitle(f"{_words(document)[Label.TITLE]} {document['promoter']} {document['first_day']}")
    canvas.setAuthor(document["program"])
    canvas.setCreator("Grapevine")
    return canvas


# --- the first page's head -------------------------------------------------------------------------


def _head(page: Canvas, document: Mapping[str, Any]) -> float:
    """Draw who, when, the sums and where it is; return where the lines may begin."""
    labels, y = _words(document), TOP - 8
    draw(page, LEFT, y, labels[Label.TITLE], TITLE)
    y -= 30
    for label, value in _who(document, labels):
        draw(page, LEFT, y, label, Style(9, grey=0.35))
        for line in wrapped(value, BODY, RIGHT - LEFT - 80):
            draw(page, LEFT + 80, y, line, BODY)
            y -= STEP
    y -= 12
    return min(_summary(page, document, y), _where(page, document, y)) - 14


def _who(document: Mapping[str, Any], labels: Mapping[Label, str]) -> Iterator[tuple[str, str]]:
    days = {"first": document["first_day"], "last": document["last_day"], "zone": document["time_zone"]}
    as_of = document["as_of"].replace("T", " ").removesuffix("Z")[:16] + " UTC"
    yield labels[Label.PROMOTER], f"{document['promoter']} ({document['promoter_id']})"
    yield labels[Label.PROGRAM], f"{document['program']} ({document['program_id']})"
    yield labels[Label.PERIOD], labels[Label.PERIOD_IS].format(**days)
    yield labels[Label.CURRENCY], _currency(document)
    yield (
        labels[Label.STATE],
        labels[Label.FINAL if document["final"] else Label.NOT_FINAL].format(as_of=as_of),
    )


def _currency(document: Mapping[str, Any]) -> str:
    return str(document["currency"])


def _reminder(page: Canvas, document: Mapping[str, Any]) -> float:
    """Draw on every other page whose it is and for which days."""
    days = f"{document['first_day']} – {document['last_day']}"  # noqa: RUF001 - a span
    title = _words(document)[Label.TITLE]
    draw_right(page, RIGHT, TOP + 14, f"{title} · {document['promoter']} · {days}", SMALL)
    return TOP


def _summary(page: Canvas, document: Mapping[str, Any], y: float) -> float:
    """Draw opening, what came and went by kind, and closing; return where it ends."""
    labels, right = _words(document), MIDDLE - 28
    y = _heading(page, labels[Label.SUMMARY], LEFT, right, y)
    y = _sum(page, right, y, (labels[Label.OPENING], document["opening"]["balance"]), STRONG)
    for told in _sums(document):
        y = _sum(page, right, y, told, BODY)
    _rule(page, LEFT, right, y + 9)
    return _sum(page, right, y - 2, (labels[Label.CLOSING], document["closing"]["balance"]), STRONG)


def _sums(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names, currency = KINDS[Language(document["language"])], document["currency"]
    known = {LineKind(total["kind"]): total["amount"] for total in document["totals"]}
    usual = () if currency == POINTS else USUAL
    for kind in LineKind:
        if kind not in SILENT and (kind in known or kind in usual):
            yield names[kind], known.get(kind, format_minor(0, currency))


def _sum(page: Canvas, right: float, y: float, told: tuple[str, str], style: Style) -> float:
    name, amount = told
    draw(page, LEFT, y, name, style)
    draw_right(page, right, y, _shown(amount), style)
    return y - STEP


def _where(page: Canvas, document: Mapping[str, Any], y: float) -> float:
    """Draw what is in each place at the beginning and at the end; return where it ends."""
    labels, names = _words(document), PLACE_NAMES[Language(document["language"])]
    middle = RIGHT - 80
    y = _heading(page, labels[Label.WHERE], MIDDLE, RIGHT, y)
    draw_right(page, middle, y, labels[Label.AT_OPENING], SMALL)
    draw_right(page, RIGHT, y, labels[Label.AT_CLOSING], SMALL)
    for leaf in PLACES:
        y -= STEP
        draw(page, MIDDLE, y, names[leaf], BODY)
        draw_right(page, middle, y, _shown(document["opening"]["places"][leaf.value]), BODY)
        draw_right(page, RIGHT, y, _shown(document["closing"]["places"][leaf.value]), BODY)
    y -= 6
    for line in wrapped(labels[Label.BALANCE_IS], SMALL, RIGHT - MIDDLE):
        y -= SMALL_STEP
        draw(page, MIDDLE, y, line, SMALL)
    return y - STEP


def _heading(page: Canvas, text: str, left: float, right: float, y: float) -> float:
    draw(page, left, y, text, HEADING)
    _rule(page, left, right, y - 5)
    return y - 20


def _rule(page: Canvas, left: float, right: float, y: float, grey: float = 0.6) -> None:
    page.setStrokeGray(grey)
    page.setLineWidth(0.5)
    page.line(left, y, right, y)


# --- the lines -------------------------------------------------------------------------------------


def _rows(document: Mapping[str, Any]) -> Iterator[_Row]:
    """Yield every line with the balance after it; one that changes no balance shows none."""
    currency = document["currency"]
    balance = parse_minor(document["opening"]["balance"], currency)
    for line in document["lines"]:
        change = parse_minor(line["amount"], currency)
        balance += change
        about = f" [{line['about']}]" if line["about"] and line["entry"] else ""
        day, _, time = line["local_time"].partition("T")
        yield _Row(
            date=day,
            time=time[:5],
            name=line["name"],
            text=wrapped(line["sentence"] + about, SMALL, TEXT_WIDTH),
            amount=_shown(line["amount"]) if change else "",
            balance=_shown(format_minor(balance, currency)),
        )


def _paged(document: Mapping[str, Any]) -> Iterator[tuple[_Row, ...]]:
    """Yield the rows of each page; the first has less room, and there is one also without lines."""
    room = _head(Canvas(io.BytesIO(), pagesize=A4), document) - BOTTOM - 36
    rows: list[_Row] = []
    for row in _rows(document):
        if row.height > room and rows:
            yield tuple(rows)
            rows, room = [], TOP - BOTTOM - 36
        rows.append(row)
        room -= row.height
    yield tuple(rows)


def _table(page: Canvas, document: Mapping[str, Any], rows: Sequence[_Row], y: float) -> None:
    labels = _words(document)
    y = _heading(page, labels[Label.LINES], LEFT, RIGHT, y)
    for x, label in ((LEFT, Label.DATE), (TEXT_AT, Label.ABOUT)):
        draw(page, x, y, labels[label], SMALL)
    for x, label in ((AMOUNT_AT, Label.AMOUNT), (BALANCE_AT, Label.BALANCE)):
        draw_right(page, x, y, labels[label], SMALL)
    y -= 16
    if not document["lines"]:
        draw(page, LEFT, y, labels[Label.NO_LINES], BODY)
    for row in rows:
        _draw_row(page, row, y)
        y -= row.height


def _draw_row(page: Canvas, row: _Row, y: float) -> None:
    draw(page, LEFT, y, row.date, BODY)
    draw(page, LEFT, y - SMALL_STEP - 1, row.time, SMALL)
    draw(page, TEXT_AT, y, row.name, STRONG)
    draw_right(page, AMOUNT_AT, y, row.amount, BODY)
    draw_right(page, BALANCE_AT, y, row.balance, BODY)
    for number, line in enumerate(row.text, start=1):
        draw(page, TEXT_AT, y - SMALL_STEP * number - 1, line, SMALL)
    _rule(page, LEFT, RIGHT, y - row.height + STEP - 3, grey=0.88)


def _foot(page: Canvas, document: Mapping[str, Any], number: int, pages: int) -> None:
    labels = _words(document)
    _rule(page, LEFT, RIGHT, 54)
    draw(page, LEFT, 43, labels[Label.HOW_SIGNED], SMALL)
    draw(page, LEFT, 32, f"{labels[Label.SIGNATURE]} ", SMALL)
    draw(page, LEFT + 44, 32, document["signature"], FAINT)
    draw_right(page, RIGHT, 32, labels[Label.PAGE].format(number=number, pages=pages), SMALL)


def _shown(amount: str) -> str:
    """Return an amount with thousands apart."""
    sign, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, point, decimals = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{decimals}"
