"""The snippet's build: what is served is the source, small, and the docs name it by its digest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.snippet import MOST_BYTES, SERVED, SOURCE, VERSION, integrity, minified, served

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "snippet.md"


def test_what_is_served_is_made_from_the_source() -> None:
    """`python -m infra.snippet` makes it; a released version is never made again, but the next one."""
    assert served().decode() == minified(SOURCE.read_text("utf-8"))


def test_the_snippet_is_small() -> None:
    assert len(served()) < MOST_BYTES == 3000


def test_the_docs_name_the_version_and_its_digest() -> None:
    text = HOW_TO.read_text("utf-8")
    assert set(re.findall(r"grapevine-\d+\.\d+\.\d+\.js", text)) == {SERVED.name}
    assert set(re.findall(r"sha384-[\w+/=]+", text)) == {integrity(served())}
    assert SERVED.name == f"grapevine-{VERSION}.js"


@pytest.mark.parametrize("word", ["eval(", "Function(", "innerHTML", "document.write", ".style", "import("])
def test_nothing_in_it_needs_what_a_strict_policy_forbids(word: str) -> None:
    assert word not in served().decode()


@pytest.mark.parametrize(
    ("source", "small"),
    [
        ("// a word\nconst word = 1;\n", "const a=1;"),
        ("const text = 'const  // text';", "const a='const  // text';"),
        ('const text = "a \\" b";', 'const a="a \\" b";'),
        ("const found = /[/]\\/ x/g.test(name);", "const a=/[/]\\/ x/g.test(name);"),
        ("const half = one / two / three;", "const a=one/two/three;"),
        ("const one = 1; const two = one; let three = two;", "const a=1,b=a;let c=b;"),
        ("const word = { word: word.word };", "const a={word:a.word};"),
        ("const { src: one, dataset: two } = page; use(one, two);", "const{src:a,dataset:b}=page;use(a,b);"),
        ("const act = (one) => one; const both = (one, two) => two;", "const c=a=>a,d=(a,b)=>b;"),
        ("const act = () => {\n  call();\n};", "const a=()=>{call()};"),
        ("try { a(); } catch (error) {}", "try{a()}catch(b){}"),
        ("const x = typeof y; return new Z(x);", "const a=typeof y;return new Z(a);"),
        ("let number = 3; while (number--) go(number);", "let a=3;while(a--)go(a);"),
    ],
)
def test_the_source_gets_small_and_says_the_same(source: str, small: str) -> None:
    assert minified(source) == f"{small}\n"
