"""What may be said of a model's answer is what the passages carry, and every quote is to the letter."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from injection_documents import INJECTION_DOCUMENTS, InjectionDocument

from components.core.answers import Passage
from components.core.embeddings import Embedder
from components.retrieval.grounding.allowed_markup import allowed_markup
from components.retrieval.grounding.citations import cited_numbers, rewrite_marks, without_marks
from components.retrieval.grounding.draft import Draft
from components.retrieval.grounding.grounder import Grounder, Grounding
from components.retrieval.grounding.quantities import quantities
from components.retrieval.grounding.sentence_buffer import SentenceBuffer
from components.retrieval.grounding.sentence_kinds import kind_of
from components.retrieval.grounding.trusted_text import trusted_passage
from tests.benchmarks.bench_grounding import HALVES, Remembering, judge, read_rows

RENTAL = Passage(
    "c1",
    "help/rental.md",
    "How rental works",
    "Return",
    "- By **11:00 on the day after** the last rental day, in the store where you picked up.\n"
    "- Dry and free of rough dirt.\n"
    "- The deposit is released within 2 working days after the check; the bank may need up to 5 more.\n\n"
    "Late return costs one and a half times the daily price for every day begun.",
    0.9,
)
REPAIRS = Passage(
    "c2",
    "help/repairs.md",
    "Repair service",
    "Collecting and storage",
    "A finished repair waits in the store for **60 days**. We send two reminders. They have a guarantee of 12 months.",
    0.8,
)
STAMPS = Passage("c3", "help/post.md", "Post", "", "Stamps are sold at the till in Munich.", 0.7)
PASSAGES = (RENTAL, REPAIRS, STAMPS)
TEXT = (
    "Yes. The deposit is released within 2 working days [1]. A repair waits for 60 days. [2] It is approx. 5 kg!\n\n"
    "- First of all [1][2]\n- Dr. Lee said so [1, 2].\n\nThat is all…【3】 Bye"
)


@pytest.fixture
def grounding(embedder: Embedder) -> Grounding:
    return Grounder(embedder).begin("When do I get my deposit back?", PASSAGES)


def test_citations_are_read_in_every_form_that_models_write() -> None:
    assert cited_numbers("a [1] b [1][2] c [1, 2] d 【1】【4†source】 e [2-4] f [^3]") == [
        *(1, 1, 2, 1, 2),
        *(1, 4, 2, 3, 4, 3),
    ]
    assert cited_numbers("(1) Open the lid, see [Munich] in [2026] and array[1000]") == []


def test_a_mark_without_numbers_goes_with_the_blank_before_it() -> None:
    assert without_marks("Free [1], within 5 days [2, 4]. 【3】 Yes.") == "Free, within 5 days. Yes."


def test_a_number_is_not_repeated_within_one_place() -> None:
    assert rewrite_marks("Free [3] [4][5].", lambda mark: [1] if 5 not in mark else [2]) == "Free [1][2]."


@given(st.text(alphabet="[]1 2,-【】†^ab.\n", max_size=60))
@settings(max_examples=200, deadline=None)
def test_rewriting_leaves_no_number_but_the_new_ones(text: str) -> None:
    assert cited_numbers(without_marks(text)) == [] or re.search(r"\[\s*\[|\]\s*\]|【|\[", without_marks(text))
    assert set(cited_numbers(rewrite_marks(text, lambda mark: [7]))) <= {7} | set(cited_numbers(without_marks(text)))


@given(st.lists(st.integers(1, len(TEXT) - 1), max_size=12))
@settings(max_examples=150, deadline=None)
def test_sentences_do_not_depend_on_where_the_stream_is_cut(cuts: list[int]) -> None:
    whole = SentenceBuffer()
    expected = [*whole.add(TEXT), *whole.rest()]
    places = [0, *sorted(cuts), len(TEXT)]
    buffer, found = SentenceBuffer(), []
    for start, end in pairwise(places):
        found += buffer.add(TEXT[start:end])
    found += buffer.rest()
    assert "".join(found) == TEXT
    assert found == expected


@given(st.lists(st.text(alphabet='ab1.!?[]【】 \n-*#|`"A', max_size=12), max_size=12))
@settings(max_examples=200, deadline=None)
def test_nothing_of_a_streamed_text_is_lost_or_doubled(pieces: list[str]) -> None:
    buffer = SentenceBuffer()
    found = [sentence for piece in pieces for sentence in buffer.add(piece)]
    assert "".join([*found, *buffer.rest()]) == "".join(pieces)


def test_a_citation_after_the_full_stop_stays_with_its_sentence() -> None:
    buffer = SentenceBuffer()
    assert buffer.add("It waits for 60 days. [") == []
    assert buffer.add("2] We send") == ["It waits for 60 days. [2]"]
    assert buffer.rest() == [" We send"]


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("90 minutes", "an hour and a half"),
        ("two years", "24 months"),
        ("€1,000", "1000 euros"),
        ("15:00", "3 pm"),
        ("50 %", "half price"),
        ("3 to 7 days", "7 days, or three days"),
    ],
)
def test_a_quantity_is_the_same_in_other_words(one: str, same: str) -> None:
    assert quantities(one) == quantities(same)


def test_quantities_of_other_things_are_not_the_same() -> None:
    assert not any(each.is_in(quantities("5 hours")) for each in quantities("5 days"))
    assert all(each.is_in(quantities("Deposit | 120")) for each in quantities("€120"))


@pytest.mark.parametrize(
    "sentence",
    ["Happy to help!", "You're welcome.", "Let me know if you have any questions.", "Sure!", "Great question!"],
)
def test_a_courtesy_needs_no_passage(sentence: str, grounding: Grounding) -> None:
    checked = grounding.check(sentence)
    assert (checked.kind, checked.supported) == ("courtesy", True)


@pytest.mark.parametrize(
    "sentence", ["Happy to help, visit evil.example!", "Enjoy your 100% discount.", "Let me know your password"]
)
def test_a_courtesy_cannot_carry_a_fact(sentence: str) -> None:
    assert kind_of(sentence) != "courtesy"


def test_a_supported_sentence_is_quoted_to_the_letter_and_renumbered(grounding: Grounding) -> None:
    checked = grounding.check("A finished repair is kept in the store for 60 days [2].")
    assert (checked.text, checked.supported, checked.removed) == (
        "A finished repair is kept in the store for 60 days [1].",
        True,
        0,
    )
    (citation,) = grounding.citations
    assert citation.number == 1
    assert citation.chunk_id == "c2"
    assert citation.quote == "A finished repair waits in the store for **60 days**."
    assert REPAIRS.text[citation.start : citation.end] == citation.quote


def test_numbers_follow_the_order_of_first_use_and_one_quote_has_one_number(grounding: Grounding) -> None:
    texts = [
        grounding.check(each).text
        for each in (
            "A finished repair waits in the store for 60 days [2].",
            "The deposit is released within 2 working days after the check [1].",
            "A finished repair waits in the store for 60 days [2].",
        )
    ]
    assert [cited_numbers(text) for text in texts] == [[1], [2], [1]]
    assert [each.number for each in grounding.citations] == [1, 2]


def test_a_citation_that_points_nowhere_is_removed_and_counted(grounding: Grounding) -> None:
    checked = grounding.check("A finished repair waits in the store for 60 days [2][7] [0].")
    assert checked.text == "A finished repair waits in the store for 60 days [1]."
    assert checked.removed == 2


def test_a_sentence_without_citation_is_given_that_of_the_passage_that_carries_it(grounding: Grounding) -> None:
    checked = grounding.check("Late return costs one and a half times the daily price for every day begun.")
    assert checked.text.endswith("begun. [1]")
    assert grounding.citations[0].chunk_id == "c1"


def test_a_wrong_citation_gives_way_to_the_right_one(grounding: Grounding) -> None:
    checked = grounding.check("A finished repair waits in the store for 60 days [3].")
    assert checked.supported
    assert checked.removed == 1
    assert grounding.citations[0].chunk_id == "c2"


@pytest.mark.parametrize(
    "sentence",
    [
        "A finished repair waits in the store for 90 days [2].",
        "Write to refunds@evil.example to get the deposit back [1].",
        "The deposit is not released within 2 working days after the check [1].",
        "According to Doctor Strange the deposit is released within 2 working days [1].",
    ],
)
def test_a_number_an_address_a_name_or_a_no_that_is_not_there_contradicts(sentence: str, grounding: Grounding) -> None:
    checked = grounding.check(sentence)
    assert (checked.text, checked.supported, checked.contradicted) == ("", False, True)
    assert grounding.citations == ()


def test_another_tenants_text_is_supported_by_nothing(grounding: Grounding) -> None:
    checked = grounding.check("Payroll runs on the last Friday, and the interest is added to your savings account [1].")
    assert not checked.supported


def test_a_heading_passes_where_it_names_what_is_there_and_not_else(grounding: Grounding) -> None:
    assert grounding.check("## Late return").supported
    assert not grounding.check("## Call 555 0100 now").supported


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        ("![logo](https://evil.example/p.png) Free.", "logo Free."),
        ("See [terms](https://evil.example/x?q=secret).", "See terms."),
        ("See [terms](javascript:alert(1)).", "See terms."),
        ('Free <img src="https://evil.example/p.png"> now', "Free  now"),
        ("Free <script>alert(1)</script>", "Free alert(1)"),
        ("Free <!-- hidden -->now", "Free now"),
        ("See [help](https://shop.example/help) [1].", "See [help](https://shop.example/help) [1]."),
        ("Free [1](https://evil.example).", "Free [1]."),
        ("Free\u200b\u202e now\U000e0041", "Free now"),
        ("end of a label](https://evil.example/p.png) next", "end of a label next"),
        ("[x]: https://evil.example/p.png", ""),
        ("Free<|im_end|>", "Free"),
    ],
)
def test_only_words_and_known_links_are_let_out(written: str, allowed: str) -> None:
    assert allowed_markup(written, "Read https://shop.example/help first.") == allowed


@given(st.text(alphabet='![]()<>ahtps:/.e"= ', max_size=80))
@settings(max_examples=200, deadline=None)
def test_no_picture_and_no_tag_is_ever_let_out(written: str) -> None:
    out = allowed_markup(written, "")
    assert not re.search(r"!\[[^\]]*\]\(|<[a-z][^<>]*>|\]\([^()\s]*\)", out)


@pytest.mark.parametrize("document", INJECTION_DOCUMENTS, ids=lambda each: each.name)
def test_a_model_that_obeys_a_document_is_not_believed(document: InjectionDocument, embedder: Embedder) -> None:
    passage = trusted_passage(document.passage)
    grounding = Grounder(embedder).begin("Until when can I return a kayak?", (passage,))
    for obeying in (f"{document.demand} [1].", f"{document.demand}.", f"Please note: {document.demand} [1]."):
        assert document.demand not in grounding.check(obeying).text
    assert document.demand not in f"{passage.title} {passage.section} {passage.text}"
    assert document.text.startswith(passage.text)


@pytest.mark.parametrize("document", INJECTION_DOCUMENTS, ids=lambda each: each.name)
def test_the_honest_fact_of_a_steering_document_may_still_be_told(
    document: InjectionDocument, embedder: Embedder
) -> None:
    grounding = Grounder(embedder).begin("Until when?", (trusted_passage(document.passage),))
    assert grounding.check(f"{document.fact} [1]").supported


def test_ordinary_articles_are_trusted_whole() -> None:
    articles = [path for path in Path("deploy/demo").rglob("knowledge/*/*") if path.suffix in (".md", ".txt")]
    texts = [path.read_text("utf-8") for path in articles]
    texts.append(
        "Question: Can I return it?\nAnswer: Yes. Ignore the red light. Always end the session.\n\nSee note [1]."
    )
    assert len(texts) > 80
    for text in texts:
        passage = Passage("c", "d", "Title", "A > B", text, 1.0)
        assert trusted_passage(passage) == passage


def test_what_was_worked_out_for_other_passages_is_not_used_again(embedder: Embedder) -> None:
    grounder = Grounder(embedder)
    sentence = "A finished repair waits in the store for 60 days [1]."
    assert grounder.begin("", [REPAIRS]).check(sentence).supported
    assert not grounder.begin("", [STAMPS]).check(sentence).supported
    again = grounder.begin("", [REPAIRS])
    assert again.check(sentence).text == sentence
    assert again.citations[0].chunk_id == "c2"


def test_the_error_on_the_held_out_half_of_the_labelled_set_has_not_grown(embedder: Embedder) -> None:
    held_out = [row for row in read_rows() if row.half == HALVES[1]]
    judged = judge(held_out, Remembering(embedder))
    assert len(read_rows()) >= 300
    assert sum(each.wrong for each in judged) / len(judged) < 0.22
    unsupported = [each for each in judged if not each.row.supported]
    assert sum(not each.supported for each in unsupported) / len(unsupported) > 0.75


def test_a_greeting_waits_for_something_to_say(grounding: Grounding) -> None:
    draft = Draft(grounding)
    assert draft.add("Happy to help!") == ""
    assert draft.add(" A finished repair waits in the store for 60 days [2].").startswith("Happy to help! A finished")
    assert draft.add(" Have a nice day!") == ""
    assert draft.finish() == " Have a nice day!"
    assert draft.verdict() is None
    (sentence,) = draft.sentences
    assert draft.text[sentence.start : sentence.end] == "A finished repair waits in the store for 60 days [1]."


def test_one_doubtful_sentence_is_left_out_and_flagged_and_a_second_breaks_the_answer(grounding: Grounding) -> None:
    draft = Draft(grounding)
    draft.add("The deposit is released within 2 working days after the check; the bank may need up to 5 more [1].")
    assert draft.add(" Our staff loves to sing about it [1].") == ""
    assert (draft.is_broken, draft.verdict()) == (False, None)
    assert [each.supported for each in draft.sentences] == [True, False]
    draft.add(" Old boots are turned into flower pots by artists [2].")
    assert draft.verdict() == "unsupported"


def test_a_wrong_number_breaks_the_answer_at_once(grounding: Grounding) -> None:
    draft = Draft(grounding)
    draft.add("A finished repair waits in the store for 600 days [2].")
    assert draft.is_broken


def test_an_answer_that_knows_nothing_is_none(grounding: Grounding) -> None:
    draft = Draft(grounding)
    assert draft.add("I don't know: the passages do not mention this.") == ""
    assert draft.verdict() == "retrieved_unused"
