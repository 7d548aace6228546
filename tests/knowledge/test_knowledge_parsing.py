"""Each format as Markdown: what is kept, what goes, and where the title comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.documents import RawDocument
from components.core.errors import UnreadableDocument
from components.knowledge.folder_source import FolderSource
from components.knowledge.parsing import parse
from components.knowledge.parsing.normalising import normalise
from components.knowledge.parsing.tables import markdown_table

MakeRaw = Callable[..., RawDocument]
DEMO = Path(__file__).parents[2] / "deploy" / "demo"


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("a \t\r\n\u2028\u00a0e\u0301\u200b\x00\x0c")) | st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "\n\n\n" not in once
    assert all(line == line.rstrip() for line in once.split("\n"))


@pytest.mark.parametrize(
    ("path", "content", "title"),
    [
        ("a.md", "---\ntitle: From: matter\n---\n# Heading\n\nText", "From: matter"),
        ("a.md", "Intro\n\n## Not this\n\n# The **top** one\n\nText", "The top one"),
        ("a.md", "The title\n=========\n\nText", "The title"),
        ("returns/return_policy-2.md", "Text only", "Return policy 2"),
        ("a.html", "<title>Page</title><body><h2>Sub</h2><p>Text</p>", "Page"),
        ("a.html", "<title>Page | Shop</title><main><h1>Real title</h1><p>Text</p></main>", "Real title"),
        ("a.txt", "CARE OF ROPES\n\nWash them.", "CARE OF ROPES"),
    ],
)
def test_the_title_comes_from_the_best_place_there_is(make_raw: MakeRaw, path: str, content: str, title: str) -> None:
    assert parse(make_raw(path, content)).title == title


def test_front_matter_goes_but_a_rule_at_the_start_stays(make_raw: MakeRaw) -> None:
    text = "---\ntitle: Café\ndescription: What it is.\ntags: [a]\n---\n\n## How\n\nText"
    assert parse(make_raw("a.md", text)).markdown == "What it is.\n\n## How\n\nText"
    assert parse(make_raw("a.md", "---\n\nJust text.\n\n---\n\nMore")).markdown == "---\n\nJust text.\n\n---\n\nMore"


def test_markdown_loses_html_tags_and_picture_addresses_but_no_code(make_raw: MakeRaw) -> None:
    text = (
        "# A\n\n<!-- note to self -->\n<p>One<br/>two &amp; 3</p>\n\n![Map](data:image/png;base64,AA) ![](x.png)\n\n"
        "## See [there](#b) {#anchor}\n\nUse `<b>` so:\n\n```html\n<p>&amp;</p>\n![x](y)\n```\n\n[Link](b.md)"
    )
    assert parse(make_raw("a.md", text)).markdown == (
        "# A\n\nOne two & 3\n\n[Image: Map]\n\n## See there\n\nUse `<b>` so:\n\n```html\n<p>&amp;</p>\n![x](y)\n```"
        "\n\n[Link](b.md)"
    )


def test_mdx_loses_its_javascript_and_keeps_titles_and_text(make_raw: MakeRaw) -> None:
    text = """import { Card } from 'components'
export const year = 2026

# Guide

<Card
  title="Install"
  href="/x"
>
  Run it on <Your-Server>.
</Card>
{/* hidden */}

## Questions

<AccordionGroup>
  <Accordion title="Is it free?">
    Yes.

    ```js
    import x from 'y'
    ```
  </Accordion>
  <Accordion title="Is it fast?">
    Very.
  </Accordion>
</AccordionGroup>
"""
    assert parse(make_raw("a.mdx", text)).markdown == (
        "# Guide\n\n**Install**\n\nRun it on <Your-Server>.\n\n## Questions\n\n### Is it free?\n\nYes.\n\n"
        "```js\nimport x from 'y'\n```\n\n### Is it fast?\n\nVery."
    )


def test_text_after_an_accordion_does_not_fall_under_its_title(make_raw: MakeRaw) -> None:
    text = "## Q\n\n<Accordion title='Inner'>\nYes.\n</Accordion>\n\nOuter text.\n"
    assert parse(make_raw("a.mdx", text)).markdown == "## Q\n\n**Inner**\n\nYes.\n\nOuter text."


def test_html_keeps_the_main_part_with_headings_lists_and_links(make_raw: MakeRaw) -> None:
    page = """<!doctype html><html><head><title>T</title><style>p{}</style></head><body>
    <header><a href="/">Home</a></header><nav>Menu</nav>
    <main><h1>Top <a href="#x">#</a></h1><p>See <a href="b.html">that <b>page</b></a>.<script>x()</script></p>
    <ul><li>One</li><li>Two<ol><li>Deep</li></ol></li></ul><pre><code class="language-sh">ls  -l
</code></pre><img src="x.png" alt="A map"><aside>Ads</aside></main><footer>Imprint</footer></body></html>"""
    assert parse(make_raw("a.html", page)).markdown == (
        "# Top #\n\nSee [that **page**](b.html).\n\n- One\n- Two\n  1. Deep\n\n```sh\nls  -l\n```\n\n[Image: A map]"
    )


def test_cells_that_span_rows_or_columns_are_repeated(make_raw: MakeRaw) -> None:
    page = """<table><tr><th>Zone</th><th colspan="2">Price | VAT</th></tr>
    <tr><td rowspan="2">EU</td><td>5</td><td>1</td></tr><tr><td>6<br>7</td><td>2</td></tr></table>"""
    assert parse(make_raw("a.html", page)).markdown.split("\n") == [
        "| Zone | Price \\| VAT | Price \\| VAT |",
        "| --- | --- | --- |",
        "| EU | 5 | 1 |",
        "| EU | 6 7 | 2 |",
    ]


def test_end_tags_left_out_change_nothing(make_raw: MakeRaw) -> None:
    page = "<p>One<p>Two<ul><li>a<li>b<ul><li>c</ul></ul><table><tr><th>K<th>V<tr><td>x<td>1<tr><td>y<td>2</table>"
    assert parse(make_raw("a.html", page)).markdown == (
        "One\n\nTwo\n\n- a\n- b\n  - c\n\n| K | V |\n| --- | --- |\n| x | 1 |\n| y | 2 |"
    )


def test_a_table_that_explodes_by_its_spans_is_refused(make_raw: MakeRaw) -> None:
    page = "<table>" + "<tr><td rowspan=50 colspan=50>" + "x" * 9_000 + "</td></tr></table>"
    with pytest.raises(UnreadableDocument) as caught:
        parse(make_raw("a.html", page * 20))
    assert caught.value.reason == "too_large"


def test_tables_leave_out_what_is_empty() -> None:
    assert markdown_table([["a", "", None], ["", "", ""], ["b", None, "c"]]) == "| a |  |\n| --- | --- |\n| b | c |"
    assert markdown_table([[None, ""]]) == ""


def test_html_nested_beyond_reason_is_read_all_the_same(make_raw: MakeRaw) -> None:
    page = "<div>" * 5_000 + "deep text" + "<table><tr><td>" * 300 + "cell"
    markdown = parse(make_raw("a.html", page)).markdown
    assert "deep text" in markdown
    assert "cell" in markdown


def test_a_pdf_becomes_headings_paragraphs_lists_and_one_table(make_raw: MakeRaw, manual_pdf: bytes) -> None:
    document = parse(make_raw("manual.pdf", manual_pdf))
    lines = document.markdown.split("\n")
    assert document.title == "Stove manual"
    assert [line for line in lines if line.startswith("#")] == [
        "# Stove manual",
        "## Before use",
        "## Spare parts",
        "## Warranty",
    ]
    assert " ".join(["Check every seal for cracks before you light the stove."] * 6) in lines
    assert "lukewarm water. Never use an extension hose." in document.markdown
    assert "1. Open the valve.\n2. Press the igniter." in document.markdown
    table = [line for line in lines if line.startswith("|")]
    assert table[:3] == ["| Part | Price |", "| --- | --- |", "| Part number 1 | 3 euro |"]
    assert len(table) == 42
    assert document.markdown.count("Part number 7 ") == 1
    assert "Page" not in document.markdown
    assert "Northtrail stove manual" not in document.markdown


@pytest.mark.parametrize("tenant", ["northtrail", "cumulo"])
def test_the_demo_knowledge_parses_without_a_problem(tenant: str) -> None:
    snapshot = FolderSource("help", DEMO / tenant / "knowledge").snapshot()
    assert snapshot.problems == ()
    documents = [parse(raw) for raw in snapshot.documents]
    assert len(documents) >= 40
    assert all(len(document.markdown) > 400 for document in documents)
    assert len({document.title for document in documents}) == len(documents)
