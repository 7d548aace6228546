"""What fits a slot, and what is never guessed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidFlow
from components.dialogue.flow import SlotRule
from components.dialogue.slots import Fit, Misfit, SlotValue, read_slot

TODAY = date(2026, 11, 22)
PLANS = {"basic": "Basic", "starter": "Basic", "pro": "Pro", "pro plus": "Pro Plus", "premium": "Premium"}
ORDER = SlotRule(pattern="NT-[0-9]{6}")


def value_of(rule: SlotRule, answer: str, language: str = "en") -> SlotValue | None:
    reading = read_slot(rule, answer, language=language, today=TODAY)
    return reading.value if isinstance(reading, Fit) else None


def misfit_of(rule: SlotRule, answer: str) -> Misfit:
    reading = read_slot(rule, answer, today=TODAY)
    assert isinstance(reading, Misfit)
    return reading


def test_a_free_text_takes_everything_up_to_its_length() -> None:
    assert value_of(SlotRule(longest=10), "  anything ") == "anything"
    assert misfit_of(SlotRule(longest=10), "x" * 11) == Misfit("too_long", "10")
    assert misfit_of(SlotRule(), " ") == Misfit("text")


@pytest.mark.parametrize("answer", ["NT-104432", "nt-104432", "it's NT-104432 I think", "#NT-104432!"])
def test_a_pattern_is_found_whole_or_inside_a_sentence(answer: str) -> None:
    assert value_of(ORDER, answer) == "NT-104432"


@pytest.mark.parametrize("answer", ["NT-1044321", "XNT-104432", "NT-104432 or NT-104433", "NT 104432"])
def test_a_pattern_is_not_found_in_part_of_a_word_nor_chosen_among_two(answer: str) -> None:
    assert misfit_of(ORDER, answer) == Misfit("pattern")


def test_a_pattern_that_would_take_for_ever_is_given_up() -> None:
    assert misfit_of(SlotRule(pattern="(a|aa)+$"), "a" * 200 + "!") == Misfit("pattern")


def test_a_pattern_that_is_none_is_named() -> None:
    with pytest.raises(InvalidFlow, match=r"\[0-9"):
        read_slot(SlotRule(pattern="[0-9"), "1")


@pytest.mark.parametrize(
    ("answer", "language", "expected"),
    [
        ("3", "en", 3),
        ("I bought 2 of them.", "en", 2),
        ("€ 1,234.50", "en", 1234.5),
        ("1.234,50 €", "de", 1234.5),
        ("1,234", "en", 1234),
        ("1,234", "de", 1.234),
        ("12,5", "en", 12.5),
        ("-4", "en", -4),
        ("1 or 2", "en", None),
        ("NT-104432", "en", None),
        ("three", "en", None),
        ("1.2.3", "en", None),
        ("9" * 400, "en", None),
    ],
)
def test_a_number_is_read_in_the_way_of_the_language(answer: str, language: str, expected: float | None) -> None:
    assert value_of(SlotRule("number"), answer, language) == expected


def test_a_whole_number_within_bounds_is_asked_for_by_name() -> None:
    rule = SlotRule("integer", minimum=1, maximum=5)
    assert value_of(rule, "4") == 4
    assert misfit_of(rule, "4.5") == Misfit("integer")
    assert misfit_of(rule, "0") == Misfit("minimum", "1")
    assert misfit_of(rule, "it was 6") == Misfit("maximum", "5")
    with pytest.raises(InvalidFlow, match="many"):
        read_slot(SlotRule("integer", maximum="many"), "3")


def test_an_email_address_is_found_and_two_are_none() -> None:
    assert value_of(SlotRule("email"), "write to Ann.B+x@mail.example.com.") == "Ann.B+x@mail.example.com"
    assert value_of(SlotRule("email"), "a@b.example or c@d.example") is None
    assert value_of(SlotRule("email"), "ann at mail") is None


@pytest.mark.parametrize(
    ("answer", "language", "expected"),
    [
        ("2026-03-31", "en", "2026-03-31"),
        ("31.03.2026", "en", "2026-03-31"),
        ("on 3 March 2026", "en", "2026-03-03"),
        ("March 3rd, 2026", "en", "2026-03-03"),
        ("am 3. März 2026", "de", "2026-03-03"),
        ("le 1er février 2026", "fr", "2026-02-01"),
        ("3 de marzo de 2026", "es", "2026-03-03"),
        ("2026年3月5日", "zh", "2026-03-05"),
        ("today", "en", "2026-11-22"),
        ("gestern", "de", "2026-11-21"),
        ("завтра", "ru", "2026-11-23"),
        ("5 december", "en", "2026-12-05"),
        ("31/03/2026", "en", "2026-03-31"),
        ("03/04/2026", "fr", "2026-04-03"),
        ("03/04/2026", "en", None),
        ("2026-02-30", "en", None),
        ("3 May 2026 or 4 May 2026", "en", None),
        ("soon", "en", None),
    ],
)
def test_a_date_is_read_where_it_can_be_only_one(answer: str, language: str, expected: str | None) -> None:
    assert value_of(SlotRule("date"), answer, language) == expected


def test_a_date_keeps_its_bounds_and_needs_today_for_yesterday() -> None:
    rule = SlotRule("date", minimum="2026-01-01", maximum="today")
    assert misfit_of(rule, "tomorrow") == Misfit("maximum", "2026-11-22")
    assert misfit_of(rule, "31.12.2025") == Misfit("minimum", "2026-01-01")
    assert read_slot(rule, "yesterday") == Misfit("date")
    with pytest.raises(InvalidFlow, match="someday"):
        read_slot(SlotRule("date", minimum="someday"), "today", today=TODAY)


YES = "yes|Yes!|yes please|ja|oui|sí|si|sim|tak|ano|evet|да|так|نعم|כן|是的|はい|d'accord|ok|Yes, that is the right one"
NO = "no|No.|nein|non|não|nee|nie|ne|nej|hayır|нет|ні|لا|לא|不|いいえ"


@pytest.mark.parametrize("answer", YES.split("|"))
def test_yes_is_yes_in_every_language(answer: str) -> None:
    assert value_of(SlotRule("yes_no"), answer) is True


@pytest.mark.parametrize("answer", NO.split("|"))
def test_no_is_no_in_every_language(answer: str) -> None:
    assert value_of(SlotRule("yes_no"), answer) is False


@pytest.mark.parametrize(
    "answer", ["maybe", "yes and no", "right now I do not know", "cancel", "no yes", "okay but why"]
)
def test_neither_yes_nor_no_is_neither(answer: str) -> None:
    assert value_of(SlotRule("yes_no"), answer) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Pro", "Pro"),
        ("the pro plus please", "Pro Plus"),
        ("starter", "Basic"),
        ("premuim", "Premium"),
        ("2", "Pro"),
        ("PREMIUM!", "Premium"),
        ("pro or basic", None),
        ("5", None),
        ("prp", None),
    ],
)
def test_a_choice_is_taken_by_spelling_number_or_with_one_slip(answer: str, expected: str | None) -> None:
    assert value_of(SlotRule("choice", choices=PLANS), answer) == expected


def test_a_choice_that_is_none_names_the_choices() -> None:
    assert misfit_of(SlotRule("choice", choices=PLANS), "gold").allowed == "Basic, Pro, Pro Plus, Premium"


RULES = st.sampled_from(
    [
        SlotRule(),
        ORDER,
        SlotRule("integer", minimum=0),
        SlotRule("number"),
        SlotRule("email"),
        SlotRule("date", maximum="today"),
        SlotRule("yes_no"),
        SlotRule("choice", choices=PLANS),
    ]
)


@given(RULES, st.text(max_size=200), st.sampled_from(["en", "de", "ar", "zh"]))
@settings(max_examples=300, deadline=None)
def test_any_text_at_all_fits_or_does_not(rule: SlotRule, answer: str, language: str) -> None:
    reading = read_slot(rule, answer, language=language, today=TODAY)
    again = read_slot(rule, answer, language=language, today=TODAY)
    assert reading == again
    if isinstance(reading, Fit) and isinstance(reading.value, str):
        assert reading.value


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_date_in_iso_form_is_itself(day: date) -> None:
    assert value_of(SlotRule("date"), f"it was {day.isoformat()}") == day.isoformat()


@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_is_itself(number: int) -> None:
    assert value_of(SlotRule("integer"), f"{number}") == number
    assert value_of(SlotRule("integer"), f"about {number:,} or so") == number
