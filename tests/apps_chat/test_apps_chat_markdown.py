"""Whatever a document says, a customer's browser gets text, structure and highlights, and nothing that runs."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chat.safe_markdown import TAGS, render_markdown


class _Reader(HTMLParser):
    """What a browser would find: tags in order, their attributes, the text, and the text in highlights."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.opened: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.marked = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in ("br", "hr"):
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag == "path":
            self.opened.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self.opened:
            self.marked += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment came through: {data!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.opened
    return reader


MARKUP = st.sampled_from(
    [
        *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=x>', "&lt;b&gt;", "<!--"),
        *("<a href='x'", "<mark>", "</mark>", "</details>", "\u2e0c", "\u2e0d", "\x00", "\\", "[y]: /z 'title'\n"),
        *("**", "_", "`", "```\n", "~~~js\n", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n", "|", "\n\n", "\n"),
        *("[x](javascript:alert(1))", "![x](//evil/x.png)", '[x](https://e.example/"onclick=x)', "[1]", "    "),
    ]
)
TEXTS = st.lists(MARKUP | st.text(max_size=8), max_size=12).map("".join)


@given(TEXTS, st.data())
def test_no_passage_yields_a_tag_or_attribute_of_its_own(text: str, data: st.DataObject) -> None:
    points = st.integers(0, len(text))
    marks = data.draw(st.lists(st.tuples(points, points).map(lambda pair: (min(pair), max(pair))), max_size=3))
    found = read(render_markdown(text, marks))
    assert found.tags <= TAGS
    assert found.attributes <= {"start"}


@given(st.lists(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), min_size=3, max_size=12), st.data())
def test_a_quoted_stretch_is_highlighted_and_nothing_else(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    text = " ".join(words)
    start = len(" ".join(words[:first])) + (1 if first else 0)
    quote = " ".join(words[first : last + 1])
    assert read(render_markdown(text, [(start, start + len(quote))])).marked == quote


@pytest.mark.parametrize(
    ("text", "quote", "marked"),
    [
        ("Some **bold words. And** more.", "Some **bold words.", "Some bold words."),
        ("**Bold.** Then.", "**Bold.**", "Bold."),
        ("- one\n- two\n- three", "- two", "two"),
        ("1. one\n2. two", "2. two", "two"),
        ("# Head\n\nText.", "# Head", "Head"),
        ("> Quoted line.", "> Quoted line.", "Quoted line."),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| 1 | 2 |", "12"),
        ("```\ncode\n```", "```\ncode\n```", "code"),
        (
            "A [link](https://e.example/x) here.",
            "A [link](https://e.example/x) here.",
            "A link (https://e.example/x) here.",
        ),
        ("See [x](https://e.example/page).", "/page", "/page"),
    ],
)
def test_the_highlight_follows_the_quote_through_markdown(text: str, quote: str, marked: str) -> None:
    start = text.index(quote)
    found = read(render_markdown(text, [(start, start + len(quote))]))
    assert found.marked.replace(" (https://e.example/x)", "") == marked.replace(" (https://e.example/x)", "")


def test_two_quotes_of_one_passage_are_both_highlighted() -> None:
    text = "One fact. Noise. Another fact."
    assert read(render_markdown(text, [(17, 30), (0, 9)])).marked == "One fact.Another fact."


def test_a_link_shows_its_address_only_where_it_is_http() -> None:
    html = render_markdown(
        "[safe](https://e.example/a) [own](../own.md) [bad](javascript:alert(1)) ![pic](http://e.example/p.png)"
    )
    assert "(https://e.example/a)" in html
    assert "own.md" not in html
    assert "<a" not in html
    assert "<img" not in html
