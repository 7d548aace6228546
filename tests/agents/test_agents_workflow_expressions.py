"""Expressions in workflows: what they come to, and that they reach nothing beside their data."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.agents.workflows.expression_words import words_of
from components.agents.workflows.item import Item
from components.agents.workflows.scope import Execution, Scope, Source
from components.agents.workflows.templates import read_template, resolve
from components.core.errors import InvalidInput, InvalidWorkflow

NOW = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)


def roots_of(**json: Any) -> Any:
    """Of an item that a node called Create Ticket came before."""
    ticket = Execution("Create Ticket", ((Item({}),),), (None,), ((Item({"id": "T-1"}), Item({"id": "T-2"})),))
    items = (Item(json).by(1), Item({"other": True}).by(0))
    past = {"Create Ticket": (ticket,), "Start": (Execution("Start", ((),), (None,), ((Item({"only": 1}),),)),)}
    changed = Execution("Change", (ticket.outputs[0],), (Source(ticket, 0),), (items,))
    return Scope(past, (items,), (Source(changed, 0),), NOW, "run-1", "Refund").roots(0)


DATA = {"a": {"b": 2}, "a b": "x y", "n": [1, 2, 3], "text": "Hello", "yes": True, "none": None, "price": 12.5}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("=plain", "plain"),
        ("{{ $json.a.b }}", 2),
        ("={{ $json.a }}", {"b": 2}),
        ("= {{ $json.a }}!", ' {"b": 2}!'),
        ('{{ $json["a b"].split(" ")[1] }}', "y"),
        ("{{ $json.missing }}", None),
        ("[{{ $json.missing }}]", "[]"),
        ("{{ $json.a?.b }}-{{ $json.gone?.b.c }}", "2-"),
        ("{{ $node.Create Ticket.json.id }}", "T-2"),
        ('{{ $node["Create Ticket"].json.id }}', "T-2"),
        ("{{ $('Create Ticket').item.json.id }}", "T-2"),
        ("{{ $('Create Ticket').first().json.id + $('Create Ticket').last().json.id }}", "T-1T-2"),
        ("{{ $('Create Ticket').all().length }}", 2),
        ("{{ $node.Start.json.only }}", 1),
        ("{{ $input.item.json.price }}", 12.5),
        ("{{ $execution.id }} of {{ $workflow.name }}", "run-1 of Refund"),
        ("{{ $now }}", "2026-03-09T14:30:00.000+00:00"),
        ("{{ $now.plus({ days: 1 }).toFormat('yyyy-MM-dd HH:mm') }}", "2026-03-10 14:30"),
        ("{{ $now.year + $itemIndex }}", 2026),
        ("{{ 1 + 2 * 3 - 4 / 2 % 3 }}", 5),
        ("{{ (1 + 2) * 3 }}", 9),
        ("{{ 'a' + 1 + 2 }}", "a12"),
        ("{{ 0.1 + 0.2 > 0.3 && !($json.n.length < 3) }}", True),
        ("{{ $json.none ?? 'or' }}{{ $json.none || 'else' }}", "orelse"),
        ("{{ $json.yes ? $json.n.includes(2) ? 'in' : 'out' : 'no' }}", "in"),
        ("{{ '5' == 5 }} {{ '5' === 5 }} {{ true == 1 }}", "true false false"),
        ("{{ $json.text.toUpperCase().replace('L', '_').padEnd(7, '.') }}", "HE_LO.."),
        ("{{ $json.price.toFixed(2) }} {{ $json.price.round() }} {{ Math.max(1, $json.price) }}", "12.50 13 12.5"),
        ("{{ [3, 1].concat($json.n).join('-') }}", "3-1-1-2-3"),
        ("{{ { a: { b: [1] }, 'c d': $json.text } }}", {"a": {"b": [1]}, "c d": "Hello"}),
        ("{{ JSON.stringify($json.a) }}", '{"b": 2}'),
        ("{{ Object.keys($json.a).first() }}", "b"),
        ("{{ Number('3.50') }} {{ parseInt('42') }} {{ String(1) }}", "3.5 42 1"),
        ("{{ '}}' }}", "}}"),
        (r"{{ 'it\'s \u00e9' }}", "it's é"),
        ({"list": ["{{ $json.a.b }}", 1, None]}, {"list": [2, 1, None]}),
    ],
)
def test_an_expression_comes_to_its_value(template: Any, value: Any) -> None:
    found = resolve(template, roots_of(**DATA))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ process.env.KEY }}", "process is outside of what an expression sees"),
        ("{{ require('fs') }}", "require is outside"),
        ("{{ this }}", "this is outside"),
        ("{{ $env.SECRET }}", r"\$env is outside"),
        ("{{ $json.constructor.constructor('return 1')() }}", "constructor is outside"),
        ("{{ $json['__proto__'] }}", "__proto__ is outside"),
        ("{{ $json.__class__ }}", "__class__ is outside"),
        ("{{ $json['con' + 'structor'] }}", "constructor is outside"),
        ("{{ $json.text.format('x') }}", "a text has no format: there are length, toString"),
        ("{{ $json.text.at.at }}", "at"),
        ("{{ $now.at }}", "a moment has no at"),
        ("{{ $execution.find }}", r"\$execution has no find: there are id, mode"),
        ("{{ $node.find('x') }}", "no node 'find' has run before this one"),
        ("{{ $node['Gone'].json }}", "no node 'Gone' has run before this one: Create Ticket, Start have"),
        ("{{ $json.n.map(x => x) }}", "functions are not supported, at character 16"),
        ("{{ `a` }}", "a text in backquotes is not allowed, at character 2"),
        ("{{ $json.a = 1 }}", "= is not allowed"),
        ("{{ $json.n; 1 }}", "; is not allowed"),
        ("{{ $json.none.x }}", r"x of null cannot be read; \?\. allows for it, at character 12"),
        ("{{ 1 / 0 }}", "/ by 0"),
        ("{{ 1e308 * 10 }}", "the result is no number"),
        ("{{ $json.text.charAt(1e999) }}", "a number or a time is too large"),
        ("{{ '0001-01-01T00:00:00+14:00'.toDateTime().toISOString() }}", "a number or a time is too large"),
        ("{{ $json.a + 1 }}", "an object [+] a number is not allowed"),
        ("{{ $json.text.trim }}", "trim is to be called"),
        ("{{ $json.text.trim(1, 2) }}", "it is not called with what it takes"),
        ("{{ $json.text() }}", "a text cannot be called"),
        ("{{ ", "the expression ends too early|not closed"),
        ("{{ }}", "the expression ends too early"),
        ("{{ 1 +", "not closed"),
        ("{{ 1 2 }}", "2 is not expected here"),
        ("{{ " + "(" * 100 + "1" + ")" * 100 + " }}", "nested deeper than 40"),
        ("{{ " + "+".join("1" * 200) + " }}", "nested deeper than 80"),
        ("{{ '" + "x" * 5000 + "' }}", "more than 4000 characters"),
        ("{{ 'x'.padEnd(1000000000) }}", "more than 256000 characters"),
        ("{{ $json.text.replaceAll('', 'x'.padEnd(100000)) }}", "more than 256000 characters"),
    ],
)
def test_what_reaches_outside_or_asks_too_much_is_refused_with_its_place(template: str, why: str) -> None:
    with pytest.raises(InvalidWorkflow, match=why):
        resolve(template, roots_of(**DATA))


_NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_WORDS = st.sampled_from(
    [
        *("$json", "$node", "$", "$input", "$now", "Math", "JSON", ".a", ".length", "['a b']", ".item", ".json", "?.x"),
        *("(", ")", "[", "]", "{", "}", ",", ":", "?", "??", "+", "-", "*", "/", "%", "!", "==", "<", "&&", "||"),
        *("'t'", '"u"', "1", "2.5", "null", "true", "toString", ".split(',')", ".join()", ".keys()", "Create Ticket"),
        *("{{", "}}", "=>", "`", "\\", "__proto__", "constructor", "\ud800", "\0"),
    ]
)


@given(st.one_of(st.text(), st.lists(_WORDS).map(" ".join), st.lists(_WORDS).map("".join)), st.booleans())
def test_no_text_ends_in_anything_but_a_value_or_a_clear_error(text: str, braced: bool) -> None:
    with suppress(InvalidWorkflow, InvalidInput):
        resolve("{{" + text + "}}" if braced else text, roots_of(**DATA))


@given(st.dictionaries(st.text(), _JSON, max_size=5))
def test_every_field_is_found_by_its_name_and_comes_as_it_is(json: dict[str, Any]) -> None:
    for name, value in json.items():
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        if len(quoted) < 1000:
            assert resolve(f"{{{{ $json['{quoted}'] }}}}", roots_of(**json)) == value


@given(st.text(alphabet=st.characters(exclude_characters="{}"), max_size=200))
def test_a_text_without_braces_stays_as_it_is(text: str) -> None:
    assert read_template(text).render({}) == text.removeprefix("=")


_SIGNS = st.sampled_from("+-*")


@given(st.integers(-999, 999), st.integers(-999, 999), _SIGNS, st.integers(1, 99), _SIGNS)
def test_sums_come_to_what_they_come_to_elsewhere(a: int, b: int, first: str, c: int, second: str) -> None:
    text = f"({a}) {first} ({b}) {second} {c}"
    assert resolve(f"{{{{ {text} }}}}", {}) == eval(text)


@given(st.text())
def test_words_never_go_past_the_end(text: str) -> None:
    try:
        words, end = words_of(text)
    except InvalidWorkflow:
        return
    assert end == len(text)
    assert [word.at for word in words] == sorted(word.at for word in words)
