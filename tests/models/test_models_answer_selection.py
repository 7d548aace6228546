"""Selection: the row, sentence or list that answers, rather than its neighbours."""

from __future__ import annotations

import pytest

from components.core.answers import GeneratedText, GenerationRequest, Passage
from components.core.embeddings import Embedder
from components.models.answer_units import answer_units
from components.models.extractive import ExtractiveGenerator
from components.models.word_evidence import AskedWords, content_words

REFUNDS = """We always pay back to the method that was charged; we cannot switch a card refund to a bank account.

| Paid with | On your account after our approval |
|---|---|
| Card | 5–7 business days |
| SEPA direct debit | up to 10 business days |
| Bank transfer | within 14 days of you confirming the IBAN |

> **Please do not dispute the charge with your bank while a refund case is open.**
"""
ZONES = """Standard parcel up to 31.5 kg

| Zone | Countries | Price | Working days |
|---|---|---|---|
| 1 | Austria, Germany | €4.90 | 1 to 3 |
| 2 | Italy, Slovenia, Czechia | €8.90 | 2 to 4 |
| 3 | All other EU countries | €13.90 | 4 to 7 |
"""
RATES = """Prices for private customers always include VAT.

| Country | Rate |
|---|---|
| Germany | 19% |
| Italy | 22% |
"""
PRICES = "| Plan | Per seat |\n|---|---|\n| Free | €0 |\n| Team | €7 |\n| Business | €13 |\n"
BATCHES = """  Batch        Made            Affected
  EB2-2408     February 2026   YES
  EB2-2409     March 2026      YES
  EB2-2412     May 2026        no
"""


@pytest.fixture(scope="session")
def generator(bundled: Embedder) -> ExtractiveGenerator:
    return ExtractiveGenerator(bundled)


def passage(title: str, section: str, text: str, score: float = 1.0) -> Passage:
    return Passage(f"{title}-{section}", title, title, section, text, score)


def answer(generator: ExtractiveGenerator, question: str, *passages: Passage) -> GeneratedText:
    *_, finished = generator.stream(GenerationRequest(question, passages))
    assert isinstance(finished, GeneratedText)
    return finished


def test_how_long_is_answered_by_the_rows_with_the_days(generator: ExtractiveGenerator) -> None:
    found = answer(
        generator,
        "How long does a refund take when I paid by SEPA direct debit?",
        passage("Refunds: what we pay back and how long it takes", "How long the money takes", REFUNDS),
    )
    assert "| SEPA direct debit | up to 10 business days |" in found.citations[0].quote
    assert "dispute" not in found.text


def test_a_table_is_quoted_whole_where_no_row_is_asked_for(generator: ExtractiveGenerator) -> None:
    found = answer(generator, "pricing?", passage("Plans and limits", "Prices per seat", PRICES))
    assert found.text == (
        "Prices per seat –\n- Plan: Free; Per seat: €0\n- Plan: Team; Per seat: €7\n- Plan: Business; Per seat: €13 [1]"
    )


def test_only_the_row_that_is_asked_for_is_quoted(generator: ExtractiveGenerator) -> None:
    found = answer(generator, "what is the price of Team", passage("Plans and limits", "Prices per seat", PRICES))
    assert [citation.quote for citation in found.citations] == ["| Team | €7 |"]


def test_misspelt_shipping_costs_are_not_answered_by_a_tax_rate(generator: ExtractiveGenerator) -> None:
    found = answer(
        generator,
        "shiping costs to italy",
        passage("Shipping zones, costs and delivery times", "Standard delivery", ZONES, 1.0),
        passage("Invoices and VAT", "VAT in the price", RATES, 0.95),
    )
    assert "Italy, Slovenia, Czechia | €8.90" in found.citations[0].quote
    assert "22%" not in found.text


def test_a_line_of_a_text_table_is_quoted_alone_under_its_headings(generator: ExtractiveGenerator) -> None:
    found = answer(
        generator, "is batch EB2-2409 affected", passage("Safety recall", "Which stoves", BATCHES.strip("\n"))
    )
    assert [citation.quote for citation in found.citations] == ["EB2-2409     March 2026      YES"]
    assert "Batch: EB2-2409; Made: March 2026; Affected: YES" in found.text


def test_a_sentence_that_points_elsewhere_does_not_answer(generator: ExtractiveGenerator) -> None:
    text = "How long the money takes is described in [Refunds](r.md).\n\nThe money is back on your card within 5 days."
    found = answer(generator, "how long does the money take", passage("Returns", "After the return", text))
    assert found.text.startswith("The money is back on your card within 5 days.")


def test_a_sentence_that_announces_a_table_is_never_quoted_without_it(generator: ExtractiveGenerator) -> None:
    text = "The credit is a percentage of the fee:\n\n| Availability | Credit |\n|---|---|\n| Below 95 % | 50 % |\n"
    found = answer(generator, "what percentage of the fee is the credit", passage("Agreement", "Credits", text))
    assert [citation.quote for citation in found.citations] == ["| Below 95 % | 50 % |"]


def test_the_best_quote_comes_first_whatever_the_rank_of_its_passage(generator: ExtractiveGenerator) -> None:
    first = passage("Membership", "Tiers", "Members have a return period that is longer.", 1.0)
    second = passage("Return policy", "", "You may return most items within 30 days of delivery.", 0.98)
    found = answer(generator, "within how many days of delivery can I return items", first, second)
    assert found.citations[0].quote == "You may return most items within 30 days of delivery."


def test_a_title_above_a_list_without_colon_is_quoted_with_it() -> None:
    units = answer_units("Helmets\n- hard shell: 10 years\n- foam: 8 years")
    assert [unit.kind for unit in units] == ["sentence", "item", "item"]


def test_prose_with_double_blanks_is_no_table() -> None:
    kinds = [unit.kind for unit in answer_units("One sentence.  Another one\ngoes on here.")]
    assert kinds == ["sentence", "sentence"]


def test_a_rare_word_weighs_more_than_a_frequent_one() -> None:
    texts = [content_words(text) for text in ("zip jacket", "zip tent", "zip bag", "sole")]
    asked = AskedWords("zip sole", texts, [])
    assert asked.share(content_words("sole")) > asked.share(content_words("zip")) > 0
    assert asked.share(content_words("zip sole")) == pytest.approx(1.0)


def test_a_misspelt_word_is_read_as_the_one_that_is_there() -> None:
    assert AskedWords("atachment", [content_words("attachments"), content_words("other")], []).share(
        content_words("attachments")
    ) == pytest.approx(1.0)
