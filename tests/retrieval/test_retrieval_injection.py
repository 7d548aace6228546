"""Retrieved text is data: whatever a document or a customer writes, the prompt keeps its shape."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from injection_documents import FACT, INJECTION_DOCUMENTS, InjectionDocument
from reserved_tokens import RESERVED
from tokenizers import Tokenizer, models

from components.core.answers import Passage
from components.core.prompts import PromptTemplate
from components.retrieval.prompt_quoting import boundary_of, neutral, quoted_line, quoted_lines
from components.retrieval.prompting import render, shipped_prompt

QUESTION = "Within how many days can I return a kayak?"
RELAXED = settings(max_examples=150, deadline=None)

# Hostile alphabets, alone and in pieces of what a prompt is made of.
PIECES = ("===", "Passage [1]", "Question", "\n", " ", "> ", "\u200b", "[", "]", "<", "{{ query }}")
MARKS = "[]{}<>|/\\^_-=:;,.0123456789 \t\r\n\u2028\u200b\u200d\u202e\u00ad\ufeff\uff1c\uff3b\uff3d\u3010INSTims"
hostile = st.one_of(
    st.text(max_size=80),
    st.text(MARKS, max_size=80),
    st.lists(st.sampled_from(RESERVED + PIECES), max_size=15).map("".join),
)
passages = st.lists(st.tuples(hostile, hostile, hostile).map(lambda texts: Passage("c", "d", *texts, 1.0)), max_size=4)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One that reserves what all of those families do together."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    assert tokenizer.add_special_tokens(list(RESERVED)) == len(set(RESERVED))
    return tokenizer


def unmarked(lines: list[str]) -> str:
    assert all(line.startswith(">") for line in lines)
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)


def shape_of(user: str) -> tuple[str, list[str], str]:
    """Boundary, passages' lines without marks, and question, read back from the shipped prompt's user message."""
    *quoted, question = user.split("\n")
    boundary = quoted[-1].split(" ")[1]
    found: list[list[str]] = []
    for line in quoted[:-1]:
        if line.startswith("==="):
            assert line == f"=== {boundary} Passage [{len(found) + 1}]"
            found.append([])
        elif line:
            found[-1].append(line)
    return boundary, [unmarked(lines[1:]) for lines in found], question


def assert_intact(query: str, given_passages: list[Passage]) -> None:
    system, user = render(shipped_prompt(), query, given_passages).messages
    assert (system.role, system.content) == ("system", render(shipped_prompt(), "Harmless?", ()).messages[0].content)
    assert user.role == "user"
    boundary, texts, question = shape_of(user.content)
    assert re.fullmatch("[0-9a-f]{8}", boundary)
    assert user.content.lower().count(boundary) == len(given_passages) + 1
    assert question == quoted_line(query)
    assert texts == [unmarked(quoted_lines(passage.text).split("\n")) for passage in given_passages]


@pytest.mark.parametrize("document", INJECTION_DOCUMENTS, ids=lambda document: document.name)
def test_an_injection_document_stays_a_quotation(document: InjectionDocument, tokenizer: Tokenizer) -> None:
    harmless = Passage("c", "d", "Shipping", "", "Shipping a kayak to Norway costs 80 euros.", 1.0)
    system, user = render(shipped_prompt(), QUESTION, [document.passage, harmless]).messages
    assert document.demand not in system.content or document.name == "prompt-leak"
    lines = user.content.split("\n")
    own = [line for line in lines if line and not line.startswith(">")]
    assert [re.sub(r" [0-9a-f]{8} ", " ", line) for line in own] == [
        "=== Passage [1]",
        "=== Passage [2]",
        "=== Question, to be answered from the passages, with [n] after each fact",
        QUESTION,
    ]
    assert f"> {FACT}" in user.content
    assert re.findall(r"\[\d+\]", user.content) == ["[1]", "[2]"]
    assert set(tokenizer.encode(user.content).ids) <= {0}
    assert {character for character in user.content if not character.isprintable()} == {"\n"}


@pytest.mark.parametrize("document", INJECTION_DOCUMENTS, ids=lambda document: document.name)
def test_the_same_words_from_a_customer_stay_on_the_questions_line(
    document: InjectionDocument, tokenizer: Tokenizer
) -> None:
    passage = Passage("c", "d", "Returns", "", FACT, 1.0)
    user = render(shipped_prompt(), document.text, [passage]).messages[1].content
    boundary, texts, question = shape_of(user)
    assert texts == [FACT]
    assert boundary not in question
    assert set(tokenizer.encode(user).ids) <= {0}
    assert re.findall(r"\[\d+\]", user) == ["[1]"]


def test_there_are_enough_and_different_attacks() -> None:
    assert len({document.name for document in INJECTION_DOCUMENTS}) == len(INJECTION_DOCUMENTS) >= 15
    for document in INJECTION_DOCUMENTS:
        assert document.fact in document.text
        assert document.demand not in document.fact


@RELAXED
@given(hostile, passages)
def test_no_text_changes_the_shape_of_the_prompt(query: str, given_passages: list[Passage]) -> None:
    assert_intact(query, given_passages)


@RELAXED
@given(hostile)
def test_neutral_text_holds_no_reserved_token_no_citation_and_nothing_invisible(text: str) -> None:
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_special_tokens(list(RESERVED))
    safe = neutral(text)
    assert set(tokenizer.encode(safe).ids) <= {0}
    assert not re.search(r"\[\s*\^?\s*\d+\s*\]", safe)
    assert not re.search("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\x00-\x08\x0b-\x1f]", safe)
    assert neutral(safe) == safe
    assert not re.search(r"\[\s*\^?\s*\d+\s*\]", quoted_line(text) + quoted_lines(text))
    safe.encode()


@RELAXED
@given(hostile, passages)
def test_a_template_of_ones_own_cannot_bring_the_raw_text_back(query: str, given_passages: list[Passage]) -> None:
    own = "{% for p in passages %}{{ p.title }} / {{ p.section }} / {{ p.text }} / {% endfor %}{{ query }}"
    user = render(PromptTemplate("answer", 1, "s", own), query, given_passages).messages[1].content
    assert not [token for token in RESERVED if token in user]
    assert all(line.startswith(">") for line in user.split("\n")[1:])


def test_a_boundary_stands_in_no_text_whatever_the_texts_hold() -> None:
    for free in "0123456789abcdef":
        assert boundary_of(["0123456789ABCDEF".replace(free.upper(), "")], digits=1) == free
    known = boundary_of(["q", FACT])
    assert boundary_of(["q", FACT + known]) not in FACT + known


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 < 6, 7 <= 8, a <- b, <3", "5 < 6, 7 <= 8, a <- b, <3"),
        ("see [returns](returns.md) and [FAQ](faq.md)", "see [returns](returns.md) and [FAQ](faq.md)"),
        ("- [ ] open\n- [x] done", "- [ ] open\n- [x] done"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("Größe 30 m², 5 €, “so”", "Größe 30 m², 5 €, “so”"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("press <Enter>", "press ‹Enter>"),
        ("as in [12], [3, 4] and [^5]", "as in (12), (3, 4) and (5)"),
    ],
)
def test_honest_text_is_hardly_touched(text: str, expected: str) -> None:
    assert neutral(text) == expected


@pytest.mark.parametrize(
    "piece", ["[", "[1,", "<1", "[\n", "[1 , ", "[A_", "\\", "[ ", "[9", "1", "\u200c", "<|", "\n"]
)
def test_hostile_repetition_is_read_in_one_pass(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    assert len(neutral(text)) <= len(text)
