"""The storefront snippet as it is served: `python -m infra.snippet` makes it from its readable source.

No minifier is among our packages, and the source is small: comments and white space go, and what is
declared in it gets a short name. What it may be written in is little: no template literals, no
shorthand members, a semicolon after every statement.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from string import ascii_letters

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "snippet" / "grapevine.js"
VERSION = "1.0.0"
"""Raised with every change once it was released: pages name it, and it is served for ever."""
SERVED = ROOT / f"layers/common/python/grapevine/runtime/snippets/grapevine-{VERSION}.js"
MOST_BYTES = 3000

_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*)"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<regex>(?<=[(=,:|&!?\[{};\n ])/(?![*/ ])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)"
    r"|(?P<word>[A-Za-z_$][\w$]*|\d[\w.]*)"
    r"|(?P<space>\s+)"
    r"|(?P<mark>=>|===|!==|==|!=|&&|\|\||--|\+\+|<=|>=|.)"
)
_RESERVED = frozenset({"do", "if", "in", "of"})
"""Words of the language that are as short as a name may be."""


@dataclass(slots=True)
class Token:
    """A piece of the source; `kind` is how it was recognised."""

    kind: str
    text: str


def minified(source: str) -> str:
    """Return the source without comments and white space, its own names short."""
    found = (Token(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(source))
    tokens = [token for token in found if token.kind not in ("comment", "space")]
    _rename(tokens)
    tokens = _joined_declarations(_bare(tokens))
    return "".join(_spaced([token.text for token in tokens])) + "\n"


def integrity(served: bytes) -> str:
    """Return what a page's `integrity` attribute says of the file."""
    return f"sha384-{base64.b64encode(hashlib.sha384(served).digest()).decode()}"


def _spaced(texts: Sequence[str]) -> Iterator[str]:
    """Yield the tokens with white space only where two words would become one."""
    for before, text in pairwise(["", *texts]):
        if before and _is_wordy(before[-1]) and _is_wordy(text[0]):
            yield " "
        yield text


def _is_wordy(letter: str) -> bool:
    return letter.isalnum() or letter in "_$"


def _bare(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens without what the grammar does not need: `;}`, and brackets around one parameter."""
    kept: list[Token] = []
    for token in tokens:
        if token.text == "}" and kept and kept[-1].text == ";":
            kept.pop()
        if token.text == "=>" and [one.text for one in kept[-3::2]] == ["(", ")"] and kept[-2].kind == "word":
            kept[-3:] = [kept[-2]]
        kept.append(token)
    return kept


def _joined_declarations(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with `const a=1;const b=2` as `const a=1,b=2`, and `let` alike."""
    joined: list[Token] = []
    starts: list[str] = [""]
    at_start, skip = True, False
    for token, after in pairwise([*tokens, Token("mark", "")]):
        if at_start:
            starts[-1] = token.text
        at_start = False
        if skip:
            skip = False
            continue
        if token.text in ("{", "(", "["):
            starts.append("")
            at_start = token.text == "{"
        elif token.text in ("}", ")", "]"):
            starts.pop()
            at_start = token.text == "}" and starts[-1] not in ("const", "let")
        elif token.text == ";":
            skip = starts[-1] == after.text and after.text in ("const", "let")
            at_start = True
            joined.append(Token("mark", "," if skip else ";"))
            continue
        joined.append(token)
    return joined


def _rename(tokens: Sequence[Token]) -> None:
    """Make every name that the source declares short, the most used ones the shortest."""
    uses = Counter(token.text for token in tokens if token.kind == "word")
    declared = sorted(set(_declared(tokens)), key=lambda name: (-uses[name], name))
    short = dict(zip(declared, _short_names({token.text for token in tokens}), strict=False))
    for before, token, after in zip(
        [Token("", ""), *tokens], tokens, [*tokens[1:], Token("", "")], strict=False
    ):
        is_member = before.text == "." or (after.text == ":" and before.text in ("{", ","))
        if token.kind == "word" and not is_member:
            token.text = short.get(token.text, token.text)


def _declared(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield what is declared: after `const` and `let`, and as a parameter."""
    for place, token in enumerate(tokens):
        if token.text in ("const", "let"):
            yield from _bound(tokens[place + 1 :])
        if token.text == "=>" or (token.text == "{" and tokens[place - 4].text == "catch"):
            for back in range(place - 1, -1, -1):
                if tokens[back].text == "(":
                    break
                if tokens[back].kind == "word":
                    yield tokens[back].text


def _bound(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the names that a declaration binds: one, or those of `{ src: source }`."""
    if tokens[0].text != "{":
        yield tokens[0].text
        return
    for token, after in pairwise(tokens):
        if token.kind == "word" and after.text in (",", "}"):
            yield token.text
        if after.text == "}":
            return


def _short_names(taken: Collection[str]) -> Iterator[str]:
    letters = ["".join(name) for size in (1, 2) for name in product(ascii_letters, repeat=size)]
    return (name for name in letters if name not in taken and name not in _RESERVED)


def served() -> bytes:
    """Return the newest version as it is served."""
    return SERVED.read_bytes()


if __name__ == "__main__":
    SERVED.write_text(minified(SOURCE.read_text("utf-8")), "utf-8")
    print(f"{len(served())} bytes, integrity {integrity(served())}")
