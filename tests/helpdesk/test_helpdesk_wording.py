"""What the helpdesk says by itself is there in every language, and complete."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidInput
from components.core.languages import LANGUAGES
from components.helpdesk.wording import KEYS, VALUES, WordingKey, languages, moment_in, only_in, say

EXPECTED = {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "da", "tr", "ru", "uk", "ar", "he", "zh", "ja"}
SCRIPTS = {
    "ru": "[а-яА-Я]", "uk": "[а-яА-ЯіїєґІЇЄҐ]", "ar": "[\u0600-\u06ff]", "he": "[\u0590-\u05ff]",
    "zh": "[\u4e00-\u9fff]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]",
}  # fmt: skip


def values_of(key: WordingKey) -> dict[str, str]:
    return {name: f"«42 {name}»" for name in VALUES.get(key, "").split()}


def test_there_are_the_languages_that_customers_write_in() -> None:
    assert set(languages()) >= EXPECTED
    assert set(languages()) <= set(LANGUAGES)


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_text_in_its_own_words(language: str) -> None:
    for key in KEYS:
        said = say(key, language, **values_of(key))
        assert said.strip() == said != ""
        assert re.search(SCRIPTS.get(language, "[A-Za-z]"), said), (language, key)
        assert "{" not in said
        assert set(re.findall("«42 ([a-z]+)»", said)) == set(VALUES.get(key, "").split()), (language, key)
        if language != "en" and key != "no":
            assert said != say(key, "en", **values_of(key)), (language, key)


@pytest.mark.parametrize("language", languages())
def test_the_language_of_an_answer_is_named_in_the_customers(language: str) -> None:
    names = {only_in(answered, language) for answered in languages()}
    assert len(names) == len(languages())


@pytest.mark.parametrize("language", languages())
def test_a_moment_is_told_with_the_weekday_in_the_customers_language(language: str) -> None:
    monday = datetime(2026, 11, 30, 8, 5, tzinfo=UTC)
    told = [moment_in(monday + timedelta(days=number), "Europe/Vienna", language) for number in range(7)]
    assert told[0].startswith("2026-11-30 (")
    assert told[0].endswith(") 09:05 CET")
    weekdays = {each.split("(")[1].split(")")[0] for each in told}
    assert len(weekdays) == 7
    assert all(re.search(SCRIPTS.get(language, "[a-zA-Z]"), each) for each in weekdays)


def test_a_zone_without_an_abbreviation_goes_by_its_offset() -> None:
    told = moment_in(datetime(2026, 1, 5, 12, tzinfo=UTC), "America/Sao_Paulo", "en")
    assert told == "2026-01-05 (Monday) 09:00 UTC-03"


def test_an_unknown_language_is_spoken_to_in_english_and_norwegian_in_danish() -> None:
    for language in (None, "", "xx", "../en"):
        assert say("yes", language) == "Yes"
    assert say("no", "nb") == say("no", "da")


@pytest.mark.parametrize(
    ("key", "values"), [("nothing", {}), ("yes", {"x": "1"}), ("misfit_choice", {}), ("too_long", {"allowed": "4"})]
)
def test_a_key_or_value_that_does_not_exist_is_refused(key: WordingKey, values: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=key):
        say(key, "de", **values)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=50))
def test_a_value_stands_as_it_is_whatever_is_in_it(value: str) -> None:
    assert value in say("misfit_choice", "de", allowed=value)
