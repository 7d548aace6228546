"""Schemas of others, converted: whatever they allow is allowed, and what is refused they would refuse too."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from components.tools.openapi.document import References
from components.tools.schemas import PortableSchemas

simple = st.sampled_from(
    [
        {},
        {"type": "string"},
        {"type": "string", "pattern": "^a+$"},
        {"type": "string", "maxLength": 2},
        {"type": "integer", "minimum": 0},
        {"type": "integer", "exclusiveMaximum": 5},
        {"enum": ["a", 1, None]},
        {"type": ["string", "null"]},
        {"$ref": "#/$defs/Node"},
        {"not": {"type": "string"}},
        {"if": {"type": "string"}, "then": {"minLength": 1}},
    ]
)
members = st.sampled_from(["a", "b", "$ref", "default", "enum"])


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries(
            {"properties": st.dictionaries(members, inner, max_size=3), "required": st.lists(members, max_size=2)}
        ),
        st.fixed_dictionaries({"additionalProperties": inner, "patternProperties": st.just({"^x": {}})}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2), "oneOf": st.lists(inner, min_size=1)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
    )


schemas = st.recursive(simple, grown, max_leaves=8)
values = st.recursive(
    st.none() | st.integers(-2, 7) | st.sampled_from(["", "a", "aa", "abc"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(members, inner, max_size=3),
    max_leaves=6,
)
NODE = {"type": "object", "properties": {"a": {"$ref": "#/$defs/Node"}, "b": {"type": "integer"}}}


@given(schemas, values)
def test_a_converted_schema_is_never_stricter(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "$defs": {"Node": NODE}}
    made = PortableSchemas(References(whole).target)
    converted = made.closed(made.convert(schema))
    Draft202012Validator.check_schema(converted)
    if Draft202012Validator(whole).is_valid(value):
        assert Draft202012Validator(converted).is_valid(value)


@given(values)
def test_a_schema_of_plain_words_is_held_to_as_it_is(value: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 0}, "b": {"anyOf": [{"type": "string"}, {"enum": [1]}]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    made = PortableSchemas(References(schema).target)
    assert Draft202012Validator(made.convert(schema)).is_valid(value) == Draft202012Validator(schema).is_valid(value)


def test_the_words_of_openapi_3_0_are_understood() -> None:
    made = PortableSchemas(References({}).target)
    assert made.convert({"type": "integer", "minimum": 1, "exclusiveMinimum": True}) == {
        "type": "integer",
        "exclusiveMinimum": 1,
    }
    assert made.convert({"type": "integer", "minimum": 1, "exclusiveMinimum": False}) == {
        "type": "integer",
        "minimum": 1,
    }
    nullable = made.convert({"type": "string", "enum": ["a"], "nullable": True})
    assert nullable == {"type": ["string", "null"], "enum": ["a", None]}
    assert made.convert({"allOf": [{"type": "string"}], "nullable": True})["anyOf"][1] == {"type": "null"}
