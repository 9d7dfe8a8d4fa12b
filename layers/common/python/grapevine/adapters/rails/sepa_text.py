"""Names and texts in the characters that every bank of the Single Euro Payments Area takes.

The European Payments Council's best practices (EPC217-08) say how others are written: one letter
for one where there is such a letter, a sign for a sign. What has no such writing is not guessed.
"""

from __future__ import annotations

import unicodedata

ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_SIGNS = "!. \". #. $. %. &+ *. ;, <. =. >. @. [( \\/ ]) ^. _- `' {( |/ }) ~- €E ¿? ¡. „."
_MARKS = "’' ‘' “. ”. –- —-"  # noqa: RUF001 - typographic marks, written as plain ones
_LATIN = "ßs ÆA æa ŒO œo ØO øo ĐD đd ÐD ðd ŁL łl ĿL ŀl ĦH ħh ıi ÞT þt ŊN ŋn ŦT ŧt ĸk"  # noqa: RUF001
_GREEK = "ΑA ΒV ΓG ΔD ΕE ΖZ ΗI ΘTh ΙI ΚK ΛL ΜM ΝN ΞX ΟO ΠP ΡR ΣS ΤT ΥY ΦF ΧCh ΨPs ΩO"  # noqa: RUF001
_CYRILLIC = (
    "АA БB ВV ГG ДD ЕE ЖZh ЗZ ИI ЙY КK ЛL МM НN ОO ПP РR СS ТT УU ФF ХH ЦTs ЧCh ШSh ЩSht ЪA ЬY ЮYu ЯYa"  # noqa: RUF001
)
_CAPITALS = f"{_GREEK} {_CYRILLIC}"
_PAIRS = f"{_SIGNS} {_MARKS} {_LATIN} {_CAPITALS} {_CAPITALS.lower()} ςs"
WRITTEN = {pair[0]: pair[1:] for pair in _PAIRS.split()}
"""How a character is written that is not allowed itself."""


def sepa_text(text: str) -> str:
    """Return a text as a bank file carries it, blanks folded; what cannot be carried is left out.

    >>> sepa_text("Zoë & Ægir  Größe")
    'Zoe + Agir Grose'
    """
    return " ".join("".join(_written(character) or "" for character in _composed(text)).split())


def is_carried(text: str) -> bool:
    """Say whether all of a text can be written in a bank file, if with other letters."""
    return all(_written(character) is not None for character in _composed(text))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _written(character: str) -> str | None:
    if character in ALLOWED:
        return character
    if character.isspace():
        return " "
    return WRITTEN.get(character) or _decomposed(character)


def _decomposed(character: str) -> str | None:
    """Return a letter without its accents, or the letters of a ligature; None where one has no writing."""
    parts = [one for one in unicodedata.normalize("NFKD", character) if not unicodedata.combining(one)]
    letters = [one if one in ALLOWED else WRITTEN.get(one) for one in parts]
    return "".join(letter or "" for letter in letters) if parts and None not in letters else None
