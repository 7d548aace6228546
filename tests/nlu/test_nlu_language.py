"""The language of a message is believed only where the message shows it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.languages import LANGUAGES
from components.nlu.language import LanguageDetector

CLEAR = [
    ("Where is the parcel that I ordered last week?", "en"),
    ("Wo ist meine Bestellung?", "de"),
    ("je veux un remboursement", "fr"),
    ("quiero un reembolso", "es"),
    ("voglio un rimborso", "it"),
    ("onde está o meu pedido", "pt"),
    ("ik wil mijn geld terug", "nl"),
    ("gdzie jest moje zamówienie", "pl"),
    ("kde je moje objednávka", "cs"),
    ("var är min beställning", "sv"),
    ("jeg vil have mine penge tilbage", "da"),
    ("siparişim nerede, lütfen", "tr"),
    ("где мой заказ?", "ru"),
    ("де моє замовлення?", "uk"),
    ("أين طلبي؟", "ar"),
    ("אני רוצה החזר על הזמנה 104432", "he"),
    ("我的订单在哪里", "zh"),
    ("注文はどこですか", "ja"),
    ("Πού είναι η παραγγελία μου", "el"),
    ("주문이 어디에 있나요", "ko"),
]
UNDECIDABLE = [
    "",
    " \n",
    "hi",
    "ok",
    "no",
    "refund",
    "order 12345",
    "NT-104432",
    "😀🎉",
    "???",
    "https://a.example/bestellung",
]
# Each was once taken for Danish, German, Italian, Czech or Dutch.
ENGLISH = [
    "exchange",
    "where is it?",
    "i want refnd",
    "you are stupid",
    "stupid bot",
    "please reset my password",
    "reimburse me for the broken stove",
    "set up a return for the trekking poles",
    "the sync is broken",
    "are you there",
    "refund my order NT-20418873",
    "no, that is not my order",
    "I changed my mind, cancel the order",
]
SHARED = LanguageDetector()


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return SHARED


@pytest.mark.parametrize(("text", "language"), CLEAR, ids=lambda value: value)
@pytest.mark.parametrize("previous", [None, "en", "fi"])
def test_a_clear_message_decides_whatever_was_before(
    detector: LanguageDetector, text: str, language: str, previous: str | None
) -> None:
    assert detector.detect(text, previous) == language


@pytest.mark.parametrize("text", UNDECIDABLE)
@pytest.mark.parametrize("previous", [None, "en", "de", "he"])
def test_what_shows_no_language_changes_none(detector: LanguageDetector, text: str, previous: str | None) -> None:
    assert detector.detect(text, previous) == previous


@pytest.mark.parametrize("text", ["Marie Dupont, 12 rue de la Paix", "my tent is broken", "can i change plan to Pro"])
def test_a_doubtful_message_does_not_change_the_conversations_language(detector: LanguageDetector, text: str) -> None:
    assert detector.detect(text, "en") == "en"


@pytest.mark.parametrize("text", ENGLISH)
@pytest.mark.parametrize("heard", [False, True])
def test_a_short_english_message_stays_english(detector: LanguageDetector, text: str, heard: bool) -> None:
    assert detector.detect(text, "en", heard=heard) == "en"


@pytest.mark.parametrize("text", ["stupid bot", "Tent Large Blue", "Osprey Atmos Rucksack", "senza"])
def test_without_an_everyday_word_no_latin_language_is_left(detector: LanguageDetector, text: str) -> None:
    assert detector.detect(text, "de") == "de"


def test_a_language_that_was_heard_needs_a_clearer_message_to_be_left(detector: LanguageDetector) -> None:
    assert detector.detect("¿Qué talla debo elegir?", "en") == "es"
    assert detector.detect("¿Qué talla debo elegir?", "en", heard=True) == "en"
    assert detector.detect("¿Qué talla debo elegir para mi hijo?", "en", heard=True) == "es"


def test_a_short_word_in_a_script_of_its_own_is_enough(detector: LanguageDetector) -> None:
    assert detector.detect("שלום", "en") == "he"
    assert detector.detect("да", "en") == "ru"
    assert detector.detect("да", "uk") == "uk"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from([None, *LANGUAGES]))
def test_any_text_gives_a_language_that_has_a_name_or_the_one_before(text: str, previous: str | None) -> None:
    found = SHARED.detect(text, previous)
    assert found == previous or found in LANGUAGES


def test_a_hundred_kilobytes_are_read_at_their_beginning(detector: LanguageDetector) -> None:
    assert detector.detect("Wo ist meine Bestellung? " * 4_000, "en") == "de"


def test_threads_agree(detector: LanguageDetector) -> None:
    texts = [text for text, _ in CLEAR] * 5
    with ThreadPoolExecutor(8) as pool:
        assert (
            list(pool.map(lambda text: detector.detect(text, "en"), texts)) == [language for _, language in CLEAR] * 5
        )


def test_importing_it_loads_no_model() -> None:
    script = "import sys, components.nlu.language as _; print('lingua' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
