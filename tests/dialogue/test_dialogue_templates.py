"""Templates in flows reach JSON values and nothing else, and cannot run away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidFlow
from components.core.template_inspection import fault_of_text, variables_of_condition, variables_of_text
from components.dialogue.templates import LONGEST_OUTPUT, holds, render_text, render_value

RELAXED = settings(max_examples=150, deadline=None)
VALUES = {
    "user": {"name": "Ann"},
    "n": 2,
    "amount": 120.0,
    "tags": ["a", "b"],
    "yes": True,
    "nothing": None,
    "day": "2026-11-22",
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{user.name}}, how can I help?", "Hi Ann, how can I help?"),
        ("{{ n + 1 }} {{ amount }} {{ yes }} {{ tags }}", "3 120 yes a, b"),
        ("{{ day | date }} {{ user.name | upper }} {{ gone | default('none') }}", "22 November 2026 ANN none"),
        ("{{ nothing | default('none') }}{{ nothing | upper }}", "none"),
        ("{% if amount > 100 %}much{% else %}little{% endif %}", "much"),
        ("{% for tag in tags %}{{ loop.index }}{{ tag }}{% endfor %}", "1a2b"),
        ("{{ tags | join(' and ') }} {{ tags[1] }} {{ tags[9] }}", "a and b b"),
    ],
)
def test_a_text_is_laid_out_over_its_variables(source: str, text: str) -> None:
    assert render_text(source, VALUES) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ user.name }}, how can I help?", "Hi, how can I help?"),
        ("{{ gone }} Hello {{ gone.further.down }}.", "Hello."),
        ("a {{ gone }} b {{ gone + 1 }}", "a b"),
        ("one {{ gone }}\ntwo", "one\ntwo"),
        ("keeps  its , own {{ 'x' }} blanks", "keeps  its , own x blanks"),
    ],
)
def test_what_is_not_there_is_empty_and_leaves_no_gap(source: str, text: str) -> None:
    assert render_text(source, {}) == text


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("amount > 100", True),
        ("amount > 100 and user.name == 'Ann'", True),
        ("gone > 100", False),
        ("gone < 100", False),
        ("not gone", True),
        ("'ten' > 5", False),
        ("n in [1, 2]", True),
        ("nothing is none", True),
        ("gone is defined", False),
    ],
)
def test_a_condition_holds_or_does_not(condition: str, true: bool) -> None:
    assert holds(condition, VALUES) is true


def test_arguments_keep_the_kind_of_a_value_that_stands_alone() -> None:
    given = {"amount": "{{ amount }}", "deep": ["{{ tags }}", "n is {{ n }}", 7, True], "gone": "{{ gone.x }}"}
    assert render_value(given, VALUES) == {"amount": 120.0, "deep": [["a", "b"], "n is 2", 7, True], "gone": None}


@pytest.mark.parametrize(
    "source",
    [
        "{{ user.__class__ }}",
        "{{ user['__class__']() }}",
        "{{ ''.format(1) }}",
        "{{ user.keys() }}",
        "{{ 'x' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{% for a in range(9) %}{% endfor %}",
        "{% for a in tags %}{% for b in tags %}{% endfor %}{% endfor %}",
        "{% for a in tags recursive %}{{ loop(tags) }}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro f() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{{ tags | map('upper') }}",
        "{{ tags | attr('append') }}",
        "{{ n | round(2, 'ceil') | pprint }}",
        "{{ " + "(" * 3000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ x",
    ],
)
def test_a_template_that_reaches_further_or_runs_away_is_refused(source: str) -> None:
    fault = fault_of_text(source)
    assert fault is not None
    assert fault.line == 1
    with pytest.raises(InvalidFlow, match="line 1"):
        render_text(source, VALUES)


@pytest.mark.parametrize("condition", ["", "a b", "f()", "x }}{{ y", "a.__class__", "1 ** 9", "a = 1"])
def test_a_condition_that_is_no_expression_is_refused(condition: str) -> None:
    with pytest.raises(InvalidFlow, match="condition"):
        holds(condition, VALUES)


@pytest.mark.parametrize(
    "source",
    [
        "{{ big | join(big | join(big)) }}",
        "{{ big ~ big ~ big }}",
        "{% for a in many %}{{ big }}{% endfor %}",
        "{{ many | join(big) | join(big) }}",
        "{{ [" + "deep," * 300 + "] }}",
        "{{ n | round(999999999) }} {{ big | truncate(999999999, true, big) }}",
    ],
)
def test_what_a_template_writes_is_bounded(source: str) -> None:
    values: dict[str, Any] = {"big": "x" * 9_000, "many": list(range(100_000)), "n": 1.5}
    values["deep"] = [[values["big"]] * 100] * 100
    assert len(render_text(source, values)) <= LONGEST_OUTPUT


def test_a_loop_goes_over_the_first_hundred() -> None:
    assert render_text("{% for a in many %}x{% endfor %}", {"many": list(range(500))}) == "x" * 100


def test_an_attribute_of_a_value_is_no_python_attribute() -> None:
    assert render_text("{{ m.upper }}{{ d.items }}{{ d.keys }}", {"m": "abc", "d": {"items": 3}}) == "3"


def test_the_line_of_a_fault_is_named() -> None:
    fault = fault_of_text("one\n\n{{ user.name() }}")
    assert fault is not None
    assert fault.line == 3
    assert "Call is not allowed; allowed are" in fault.message


def test_what_a_template_reads_is_known_before_it_runs() -> None:
    found = variables_of_text("{{ tenant.name }} {% for i in order.lines %}{{ i }}{% endfor %}")
    assert [(use.name, use.key) for use in found] == [("tenant", "name"), ("order", "lines")]
    assert [use.name for use in variables_of_condition("a > b.c")] == ["a", "b"]


PIECES = st.sampled_from(
    [
        *[
            "{{",
            "}}",
            "{%",
            "%}",
            "for",
            "in",
            "if",
            "endif",
            "endfor",
            " x ",
            "x.y",
            "|join",
            "(",
            ")",
            "[",
            "]",
            "'a'",
        ],
        *["0", "~", "+", "-", "*", "loop", "x|first", "__class__", "\n", "not ", "==", ":", "{#", "#}", ",", "range"],
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@RELAXED
@given(st.lists(PIECES, max_size=14).map("".join), JSON)
def test_any_template_over_any_values_is_refused_or_bounded(source: str, value: Any) -> None:
    for attempt in (render_text, render_value, holds):
        try:
            found = attempt(source, {"x": value})  # type: ignore[operator]
        except InvalidFlow:
            continue
        assert not isinstance(found, str) or (len(found) <= LONGEST_OUTPUT and "\0" not in found)
