"""An answer in another language than its passages says no number or code that they do not have, and cites them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import Passage
from components.retrieval.grounding.draft import Draft
from components.retrieval.grounding.translated import TranslatedGrounding

RETURNS = Passage(
    "c1",
    "help/returns.md",
    "Returns",
    "",
    "You can return a kayak within nine days. The label costs €1,290.50. Write to help@shop.example with form RX-7.",
    0.9,
)
REFUNDS = Passage("c2", "help/refunds.md", "Refunds", "", "A refund takes 5 working days.", 0.8)


def grounding() -> TranslatedGrounding:
    return TranslatedGrounding((RETURNS, REFUNDS))


@pytest.mark.parametrize(
    "sentence",
    [
        "Sie können ein Kajak innerhalb von 9 Tagen zurückgeben [1].",
        "Das Etikett kostet 1.290,50 € [1].",
        "L'étiquette coûte 1 290,50 € [1].",
        "Schreiben Sie an help@shop.example mit dem Formular RX-7 [1].",
        "Eine Rückzahlung dauert 5 Werktage [2].",
        "Ein Kajak kann zurückgegeben werden [1][2].",
    ],
)
def test_a_cited_sentence_with_the_passages_own_numbers_is_passed_on(sentence: str) -> None:
    checked = grounding().check(sentence)
    assert checked.supported
    # Citations are numbered by their first use.
    assert checked.text == sentence.replace("5 Werktage [2]", "5 Werktage [1]")


@pytest.mark.parametrize(
    ("sentence", "contradicted"),
    [
        ("Sie können ein Kajak innerhalb von 90 Tagen zurückgeben [1].", True),
        ("Das Etikett kostet 12,90 € [1].", True),
        ("Schreiben Sie an help@evil.example [1].", True),
        ("Nehmen Sie das Formular RX-8 [1].", True),
        ("Eine Rückzahlung dauert 5 Werktage [1].", True),
        ("Sie können ein Kajak zurückgeben.", False),
        ("Sie können ein Kajak zurückgeben [7].", False),
    ],
)
def test_a_foreign_number_address_or_missing_citation_is_not_passed_on(sentence: str, contradicted: bool) -> None:
    checked = grounding().check(sentence)
    assert not checked.supported
    assert checked.text == ""
    assert checked.contradicted is contradicted


def test_the_quote_is_the_sentence_with_the_number_else_the_whole_passage() -> None:
    held = grounding()
    held.check("Innerhalb von 9 Tagen [1].")
    held.check("Ein Kajak kann zurückgegeben werden [1].")
    nine, whole = held.citations
    assert nine.quote == "You can return a kayak within nine days."
    assert whole.quote == RETURNS.text
    assert [each.number for each in held.citations] == [1, 2]


def test_an_answer_of_such_sentences_stands_and_a_lie_breaks_it() -> None:
    draft = Draft(grounding())
    draft.add("Innerhalb von 9 Tagen [1].")
    assert draft.verdict() is None
    assert draft.text == "Innerhalb von 9 Tagen [1]."
    draft.add(" Sie erhalten 900 Euro [1].")
    assert draft.verdict() == "unsupported"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_whatever_a_model_writes_is_judged_and_what_is_shown_is_quoted_to_the_letter(sentence: str) -> None:
    held = grounding()
    checked = held.check(sentence + " [1]")
    assert checked.supported or checked.text == ""
    for citation in held.citations:
        assert citation.quote == citation.passage[citation.start : citation.end]
