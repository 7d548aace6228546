"""What every chunk keeps to: its limit, its heading, its words, its id."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.documents import Chunk, Document
from components.core.errors import InvalidInput
from components.knowledge.chunking import chunk

TokenSpans = Callable[[str], list[tuple[int, int]]]


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def characters(text: str) -> list[tuple[int, int]]:
    return [(position, position + 1) for position in range(len(text))]


def fickle(text: str) -> list[tuple[int, int]]:
    """Pairs of characters counted from the text's start: a part takes other tokens than it took in the whole."""
    return [(start, min(start + 2, len(text))) for start in range(0, len(text), 2)]


TOKENIZERS = st.sampled_from([words, characters, fickle])
LINES = st.sampled_from(
    [
        *("# Guide", "## Section", "### Deep _heading_", "###### Six", "#", "## " + "long heading words " * 12),
        *("Title", "====", "A sentence. Another one? Yes!", "- item one", "  continued", "1. step", "> quote", ""),
        *("", "---", "|", "| a | b |", "|---|---|", "| cell one | cell two |", "```", "~~~", "``` python", "x" * 90),
        *("word " * 70, "ends with colon:"),
    ]
)
MARKDOWN = st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=200)


def visible(text: str) -> list[str]:
    """Words as a reader sees them: marks of emphasis, headings and fences are no words."""
    return [word for word in re.sub(r"[*_`#~]", " ", text).split() if word.strip("=-")]


def cut(markdown: str, spans: TokenSpans, max_tokens: int = 64, overlap: int = 8, title: str = "Guide") -> list[Chunk]:
    document = Document("help/guide.md", "help", title, markdown, "0" * 64)
    return chunk(document, token_spans=spans, max_tokens=max_tokens, overlap=overlap)


@settings(max_examples=250, deadline=None)
@given(MARKDOWN, TOKENIZERS, st.integers(16, 90), st.integers(0, 100), st.sampled_from(["Guide", "", "t " * 300]))
def test_no_chunk_passes_its_limit_and_no_word_is_lost(
    markdown: str, spans: TokenSpans, max_tokens: int, overlap: int, title: str
) -> None:
    chunks = cut(markdown, spans, max_tokens, overlap, title)
    for position, made in enumerate(chunks):
        assert made.tokens == len(spans(made.embedding_text)) <= max_tokens
        assert made.position == position
        assert made.text.strip()
    assert len({made.chunk_id for made in chunks}) == len(chunks)
    if spans is words:
        kept = {word for made in chunks for word in visible(made.embedding_text)} | set(visible(title))
        assert [word for word in visible(markdown) if word not in kept and len(words(word)) < max_tokens // 2] == []


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, TOKENIZERS)
def test_every_character_of_the_text_is_kept_in_order(markdown: str, spans: TokenSpans) -> None:
    """Read one after another, the chunks hold the body's characters as a subsequence."""
    body = "\n".join(line for line in markdown.split("\n") if not line.startswith(("#", "=", "Title", "-")))
    read = iter("".join(made.section + made.text for made in cut(markdown, spans, overlap=0, title="")))
    wanted = [character for character in body if character not in "#*_`~=-|" and not character.isspace()]
    assert all(character in read for character in wanted)


def test_every_heading_starts_a_chunk_under_its_path(token_spans: TokenSpans) -> None:
    markdown = "# Guide\n\nIntro.\n\n## Returns\n\n30 days.\n\n### Exceptions\n\nNot **gloves**.\n\n## Costs\n\nFree."
    assert [(made.heading_path, made.text) for made in cut(markdown, token_spans)] == [
        ((), "Intro."),
        (("Returns",), "30 days."),
        (("Returns", "Exceptions"), "Not **gloves**."),
        (("Costs",), "Free."),
    ]


def test_a_hash_within_code_is_no_heading(token_spans: TokenSpans) -> None:
    made = cut("## Shell\n\n```sh\n# install\nmake\n```\n\nDone.", token_spans)
    assert [(one.heading_path, one.text) for one in made] == [(("Shell",), "```sh\n# install\nmake\n```\n\nDone.")]


def test_headings_with_nothing_below_them_are_kept_as_text(token_spans: TokenSpans) -> None:
    made = cut("## Cities\n\n### Graz\n### Linz\n\n## End\n\nText", token_spans)
    assert [(one.heading_path, one.text) for one in made] == [
        (("Cities",), "### Graz\n### Linz"),
        (("End",), "Text"),
    ]
    assert [one.text for one in cut("# Guide", token_spans)] == ["# Guide"]


def test_each_part_of_a_long_table_repeats_its_header(token_spans: TokenSpans) -> None:
    rows = "\n".join(f"| part {number} | {number} euro |" for number in range(40))
    made = cut(f"## Prices\n\nIn euro:\n\n| name | price |\n| --- | --- |\n{rows}", token_spans)
    assert len(made) > 3
    assert made[0].text.startswith("In euro:\n\n| name | price |\n| --- | --- |\n| part 0 ")
    assert all(one.text.startswith("| name | price |\n| --- | --- |\n| part") for one in made[1:])
    assert "\n".join(one.text for one in made).count("| part 7 |") == 1


def test_each_part_of_long_code_stands_in_its_own_fence(token_spans: TokenSpans) -> None:
    made = cut("```python\n" + "\n".join(f"x{number} = {number}" for number in range(60)) + "\n```", token_spans)
    assert len(made) > 2
    assert all(one.text.startswith("```python\n") and one.text.endswith("\n```") for one in made)


def test_overlap_is_whole_sentences_of_the_same_section(token_spans: TokenSpans) -> None:
    first = " ".join(f"Sentence {number} says something short." for number in range(30))
    made = cut(f"## One\n\n{first}\n\n## Two\n\nOther text.", token_spans, overlap=16)
    parts = [one for one in made if one.heading_path == ("One",)]
    assert len(parts) > 3
    for before, after in pairwise(parts):
        repeated = re.findall(r"Sentence \d+ says something short\.", before.text)[-2:]
        assert after.text.startswith(" ".join(repeated))
        assert " ".join(repeated) != before.text
    assert made[-1].text == "Other text."
    apart = cut(f"## One\n\n{first}", token_spans, overlap=0)
    assert " ".join(one.text for one in apart) == first


def test_a_long_section_is_cut_into_parts_of_about_the_same_length(token_spans: TokenSpans) -> None:
    text = " ".join(f"Sentence {number} says something short." for number in range(40))
    lengths = [one.tokens for one in cut(text, token_spans, max_tokens=128, overlap=0)]
    assert max(lengths) - min(lengths) < 40


def test_a_heading_too_long_is_shortened_in_the_middle_and_stands_in_the_text(token_spans: TokenSpans) -> None:
    heading = "start " + "very " * 200 + "end"
    made = cut(f"## {heading}\n\nThe text.", token_spans)
    assert made[-1].text.endswith("The text.")
    assert re.fullmatch(r"start .* … .*end", made[-1].heading_path[0])
    assert " ".join(one.text for one in made).count("very") >= 200


def test_an_insertion_elsewhere_leaves_the_other_ids_alone(token_spans: TokenSpans) -> None:
    sections = [f"## Topic {number}\n\n" + f"About topic {number}. " * 30 for number in range(6)]
    before = {one.chunk_id: one for one in cut("\n\n".join(sections), token_spans)}
    for place in (0, 3, 6):
        changed = [*sections[:place], "## New\n\nA new paragraph.", *sections[place:]]
        after = {one.chunk_id: one for one in cut("\n\n".join(changed), token_spans)}
        assert set(before) <= set(after)
        assert [after[identity].text for identity in set(after) - set(before)] == ["A new paragraph."]


def test_the_same_passage_twice_gets_two_ids_that_stay(token_spans: TokenSpans) -> None:
    markdown = "## A\n\nSame.\n\n## A\n\nSame."
    first, second = cut(markdown, token_spans)
    assert first.text == second.text
    assert first.chunk_id != second.chunk_id
    assert [one.chunk_id for one in cut(markdown, token_spans)] == [first.chunk_id, second.chunk_id]


@pytest.mark.parametrize(("max_tokens", "overlap", "field"), [(15, 0, "max_tokens"), (64, -1, "overlap")])
def test_limits_that_cannot_work_are_refused(max_tokens: int, overlap: int, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        cut("text", words, max_tokens, overlap)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "markdown",
    [
        *("x" * 10_000, "字" * 20_000, "> " * 10_000, "- " * 10_000, "## a\n" * 5_000, "```\n" * 5_000),
        *("|" * 10_000 + "\n|-|\n", "a:\n\n" * 5_000),
        "\n".join("#" * (number % 6 + 1) + " heading " + "long " * 300 for number in range(60)),
    ],
)
def test_hostile_markdown_is_cut_within_the_limit(markdown: str, token_spans: TokenSpans) -> None:
    assert all(one.tokens <= 64 for one in cut(markdown, token_spans, title="t" * 500))
