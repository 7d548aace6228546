"""Slips of the keyboard are mended after the tenant's own words, and nothing else is touched."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.words import words_of
from components.retrieval.spelling import Speller, one_slip

ENGLISH = frozenset({"how", "long", "does", "take", "the", "boot", "cook", "track", "with"})
SHOP = {"refund": 9, "subscription": 4, "rental": 7, "boots": 3, "returned": 2, "trail": 1}
LETTERS = st.text("abcdefghij", min_size=4, max_size=9)


def mended(question: str) -> str:
    return Speller(SHOP, ENGLISH.__contains__).repair(question)


def test_a_letter_more_less_other_or_swapped_is_mended() -> None:
    assert mended("how long does the refundd take") == "how long does the refund take"
    assert mended("how long does the refnd take") == "how long does the refund take"
    assert mended("how long does the refind take") == "how long does the refund take"
    assert mended("how long does the refnud take") == "how long does the refund take"


def test_all_else_stays_to_the_letter() -> None:
    question = "  REFUND?! order #A-1234, €12.50 (see\thttps://x.example/refnu)  "
    assert mended(question).replace("refund", "refnu") == question


def test_a_word_that_the_model_or_the_documents_know_is_left_alone() -> None:
    assert mended("how long to cook with boots") == "how long to cook with boots"


def test_a_name_inside_a_sentence_is_left_alone() -> None:
    assert mended("does Rentall take boots") == "does Rentall take boots"


def test_a_known_word_with_an_ending_is_rare_and_not_misspelt() -> None:
    assert mended("tracked") == "tracked"


def test_the_commoner_word_is_meant() -> None:
    assert Speller({"cart": 1, "card": 8}, ENGLISH.__contains__).repair("carb") == "card"


def test_two_slips_are_not_guessed_at() -> None:
    assert mended("refxxd") == "refxxd"


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_keeps_everything_but_words(question: str) -> None:
    repaired = mended(question)
    outside = [part for part in words_of(question) if part not in SHOP]
    assert not outside or len(repaired) >= len(question) - len(outside) * 2
    assert mended(repaired) == repaired


@given(LETTERS, st.data())
@settings(max_examples=100, deadline=None)
def test_one_slip_sees_exactly_one_edit(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    assert one_slip(word, word[:at] + word[at + 1 :])
    assert one_slip(word, word[:at] + "z" + word[at:])
    assert one_slip(word, word[:at] + "z" + word[at + 1 :])
    assert not one_slip(word, word)
    assert not one_slip(word, "zz" + word)
