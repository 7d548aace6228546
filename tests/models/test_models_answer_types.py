"""What a question asks for, and what holds it."""

from __future__ import annotations

import pytest

from components.models.answer_types import ANSWER_TYPES, asked_types, type_match
from components.models.answer_units import answer_units


@pytest.mark.parametrize(
    ("question", "name", "holds", "does_not"),
    [
        ("How long does a refund take?", "time", "5 to 7 business days", "We pay back to the card."),
        ("until when must I order", "time", "before 18 December, 12:00", "Order early."),
        ("shipping costs to Italy", "money", "Price: €8.90", "Rate: Italy"),
        ("What percentage comes back?", "money", "Credit: 25 %", "We decide later."),
        ("How many guests can we have?", "number", "no limit", "Guests are people outside."),
        ("Where can I find my invoice?", "place", "Open Settings > Billing.", "Invoices are kept."),
        ("How do I cancel?", "way", "Select Cancel.", "Cancelling has effects."),
        ("Can I pay in instalments?", "verdict", "This is not possible.", "Instalments are parts."),
    ],
)
def test_a_unit_of_the_kind_asked_for_matches(question: str, name: str, holds: str, does_not: str) -> None:
    kinds = tuple(each for each in asked_types(question) if each.name == name)
    assert kinds
    assert type_match(kinds, answer_units(holds)[0]) == 1
    assert type_match(kinds, answer_units(does_not)[0]) == 0


def test_a_question_for_nothing_particular_favours_nothing() -> None:
    assert asked_types("boots hurt") == ()
    assert type_match((), answer_units("It costs €5.")[0]) == 0


def test_the_table_names_each_type_once() -> None:
    assert len({each.name for each in ANSWER_TYPES}) == len(ANSWER_TYPES)
