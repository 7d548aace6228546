"""OpenAPI documents make tools, and what of them makes none is named; a bad one is refused before anything is kept."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rest_service import DOCUMENT

from components.core.errors import InvalidInput, InvalidToolDocument
from components.tools.openapi.declaration import OperationDeclaration
from components.tools.openapi.document import LARGEST_DOCUMENT
from components.tools.openapi.importing import Imported, ImportRequest, import_document

SERVER = "https://shop.example/v1"
SHOP = DOCUMENT.replace("SERVER", "https://shop.example")
ALL = ImportRequest()
SECRET = ImportRequest(secrets=("env:SHOP_TOKEN",))


def document(paths: dict[str, Any], **more: Any) -> str:
    return json.dumps({"openapi": "3.1.0", "servers": [{"url": SERVER}], "paths": paths, **more})


def posting(schema: Any, **more: Any) -> str:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return document({"/things": {"post": {"operationId": "makeThing", "requestBody": body}}}, **more)


def declarations(imported: Imported) -> dict[str, OperationDeclaration]:
    return {each.name: OperationDeclaration.model_validate(each.declaration) for each in imported.tools}


def only(text: str, asked: ImportRequest = ALL) -> OperationDeclaration:
    (found,) = declarations(import_document(text, asked)).values()
    return found


def only_credentials(imported: Imported) -> tuple[object, ...]:
    (found,) = declarations(imported).values()
    return found.credentials


def test_every_operation_is_a_tool() -> None:
    imported = import_document(SHOP, SECRET)
    assert (imported.origin, imported.skipped) == (SERVER, ())
    found = declarations(imported)
    assert {name: (each.method, each.side_effect, each.repeatable) for name, each in found.items()} == {
        "get_order": ("GET", "read", True),
        "delete_order": ("DELETE", "write", True),
        "create_order": ("POST", "write", False),
        "refund_order": ("POST", "money", True),
    }
    assert found["get_order"].url == "https://shop.example/v1/orders/{id}"
    assert found["get_order"].description == "Looks up an order."
    assert set(found["refund_order"].input_schema["properties"]) == {"id", "amount", "body_id"}
    # The body may be left out; half of it may not.
    assert found["refund_order"].input_schema["required"] == ["id"]
    assert found["refund_order"].input_schema["dependentRequired"] == {"amount": ["body_id"], "body_id": ["amount"]}
    assert set(found["create_order"].input_schema["properties"]) == {"item", "quantity", "gift"}
    assert "number" in found["get_order"].output_schema["$defs"]["Order"]["properties"]


def test_json_and_yaml_make_the_same_tools() -> None:
    as_json = json.dumps(yaml.safe_load(SHOP), default=str)
    assert import_document(as_json, SECRET) == import_document(SHOP, SECRET)


def test_tools_are_picked_by_name_and_prefixed() -> None:
    for wanted in ("getOrder", "get_order", "shop_get_order", "GET /orders/{id}"):
        imported = import_document(SHOP, ImportRequest(prefix="shop", only=(wanted,), secrets=SECRET.secrets))
        assert [each.name for each in imported.tools] == ["shop_get_order"]
    with pytest.raises(InvalidInput, match="there are getOrder"):
        import_document(SHOP, ImportRequest(only=("getUser",), secrets=SECRET.secrets))
    with pytest.raises(InvalidInput):
        import_document(SHOP, ImportRequest(prefix="No Prefix", secrets=SECRET.secrets))


@pytest.mark.parametrize(
    "reference",
    ["file:///etc/passwd", "https://evil.example/schema.json", "//evil.example/x", "other.yaml#/A", "/etc/passwd", ""],
)
def test_a_reference_out_of_the_document_is_refused_by_name(reference: str) -> None:
    with pytest.raises(InvalidToolDocument, match="leaves the document") as caught:
        import_document(posting({"$ref": reference}), ImportRequest())
    assert repr(reference) in caught.value.message
    assert caught.value.field == "$ref"


def test_a_schema_that_holds_itself_is_held_to_as_deep_as_arguments_go() -> None:
    node = {"type": "object", "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/components/schemas/N"}}}
    schema = only(posting({"$ref": "#/components/schemas/N"}, components={"schemas": {"N": node}})).input_schema
    check = Draft202012Validator(schema)
    assert check.is_valid({"value": 1, "next": {"value": 2, "next": {"value": 3}}})
    assert not check.is_valid({"value": 1, "next": {"value": 2, "next": {"value": "three"}}})


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/B"}]}, "B": {"oneOf": [{"$ref": "#/components/schemas/A"}]}},
    ],
)
def test_a_schema_that_goes_round_without_end_is_refused(schemas: dict[str, Any]) -> None:
    with pytest.raises(InvalidToolDocument, match="refers to itself without end"):
        import_document(posting({"$ref": "#/components/schemas/A"}, components={"schemas": schemas}), ImportRequest())


def test_alternatives_of_alternatives_are_refused_before_anybody_tries_them_all() -> None:
    schemas: dict[str, Any] = {f"S{n}": {"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(60)}
    schemas["S60"] = {"type": "string"}
    started = time.monotonic()
    with pytest.raises(InvalidToolDocument, match="alternatives"):
        import_document(posting({"$ref": "#/components/schemas/S0"}, components={"schemas": schemas}), ImportRequest())
    assert time.monotonic() - started < 5


def test_references_in_a_ring_between_parameters_are_refused() -> None:
    ring = {"P": {"$ref": "#/components/parameters/Q"}, "Q": {"$ref": "#/components/parameters/P"}}
    paths = {"/x": {"get": {"parameters": [{"$ref": "#/components/parameters/P"}]}}}
    with pytest.raises(InvalidToolDocument, match="refers to itself"):
        import_document(document(paths, components={"parameters": ring}), ImportRequest())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no JSON or YAML object"),
        ("[]", "no JSON or YAML object"),
        ("{a: b", "neither JSON nor YAML"),
        ("swagger: '2.0'\npaths: {}", "OpenAPI version '2.0'"),
        ("openapi: 4.0.0", "OpenAPI version '4.0.0'"),
        ("openapi: 3.1.0\nservers: [{url: 'https://a.example'}]", "no paths"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("[" * 100_000, "too deeply"),
        ('{"a":' * 100_000, "too deeply"),
        ("x" * (LARGEST_DOCUMENT + 1), "at most"),
        (json.dumps({"openapi": "3.1.0", "paths": {"/x": {"get": {}}}}), "--server names the address"),
        (json.dumps({"openapi": "3.1.0", "servers": [{"url": "/v1"}], "paths": {}}), "--server names the address"),
        (posting({"type": "object", "description": "a\0b"}), r"U\+0000"),
        (posting({"type": "object", "description": "a\ud800b"}), r"U\+D800"),
    ],
)
def test_what_is_no_document_is_refused(text: str, told: str) -> None:
    with pytest.raises(InvalidToolDocument, match=told):
        import_document(text, ALL)


def test_operations_whose_names_collide_are_named() -> None:
    paths = {"/a": {"get": {"operationId": "listPets"}}, "/b": {"get": {"operationId": "list_pets"}}}
    with pytest.raises(InvalidToolDocument, match=r"GET /a and GET /b would both be the tool 'list_pets'"):
        import_document(document(paths), ImportRequest())
    assert [each.name for each in import_document(document(paths), ImportRequest(only=("listPets",))).tools] == [
        "list_pets"
    ]


def test_what_cannot_be_called_is_skipped_by_name_and_refused_where_it_was_asked_for() -> None:
    upload = {"required": True, "content": {"multipart/form-data": {"schema": {"type": "object"}}}}
    paths: dict[str, Any] = {
        "/fine": {"get": {"operationId": "fine"}},
        "/upload": {"post": {"operationId": "upload", "requestBody": upload}},
        "/{gone}": {"get": {"operationId": "gone"}},
        "/cookie": {"get": {"parameters": [{"name": "a", "in": "cookie", "required": True}]}},
        "/host": {"get": {"parameters": [{"name": "Host", "in": "header", "required": True}]}},
        "/elsewhere": {"get": {"servers": [{"url": "https://evil.example"}]}},
        "/effect": {"get": {"x-helpdesk-side-effect": "none"}},
        "@evil.example/x": {"get": {"operationId": "evil"}},
        "/secret": {"get": {"security": [{"key": []}]}},
        "/wrong": {"get": {"parameters": [7]}},
        "/type": {"get": {"parameters": [{"name": "a", "in": "query", "schema": {"type": "strnig"}}]}},
    }
    imported = import_document(document(paths), ImportRequest())
    assert [each.name for each in imported.tools] == ["fine"]
    told = dict(imported.skipped)
    for title, why in {
        "POST /upload": "multipart/form-data",
        "GET /{gone}": "'gone'",
        "GET /cookie": "in cookie",
        "GET /host": "'Host'",
        "GET /elsewhere": "evil.example",
        "GET /effect": "read, write, money are allowed",
        "GET @evil.example/x": "begin with /",
        "GET /secret": "'key'",
        "GET /wrong": "no object",
        "GET /type": "no JSON Schema",
    }.items():
        assert why in told[title]
    with pytest.raises(InvalidToolDocument, match=r"POST /upload: .*multipart"):
        import_document(document(paths), ImportRequest(only=("upload",)))


def test_secrets_go_where_the_document_says() -> None:
    schemes = {
        "h": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "q": {"type": "apiKey", "in": "query", "name": "key"},
        "b": {"type": "http", "scheme": "basic"},
        "o": {"type": "oauth2"},
        "c": {"type": "apiKey", "in": "cookie", "name": "sid"},
    }
    paths = {f"/{name}": {"get": {"security": [{name: []}]}} for name in schemes}
    paths["/both"] = {"get": {"security": [{"h": [], "q": []}]}}
    paths["/either"] = {"get": {"security": [{"c": []}, {"b": []}]}}
    paths["/any"] = {"get": {"security": [{}, {"b": []}]}}
    text = document(paths, components={"securitySchemes": schemes})
    optional = import_document(text, ImportRequest(only=("GET /any",)))
    assert only_credentials(optional) == ()
    imported = import_document(text, ImportRequest(secrets=("env:ALL", "q=file:/run/key")))
    found = {each.url.rpartition("/")[2]: each.credentials for each in declarations(imported).values()}
    told = {path: [(each.kind, each.name, each.secret) for each in given] for path, given in found.items()}
    assert told == {
        "h": [("header", "X-Key", "env:ALL")],
        "q": [("query", "key", "file:/run/key")],
        "b": [("basic", "", "env:ALL")],
        "o": [("bearer", "", "env:ALL")],
        "both": [("header", "X-Key", "env:ALL"), ("query", "key", "file:/run/key")],
        "either": [("basic", "", "env:ALL")],
        "any": [("basic", "", "env:ALL")],
    }
    assert [title for title, _ in imported.skipped] == ["GET /c"]


def test_a_secret_is_given_by_reference_and_goes_over_https_only() -> None:
    with pytest.raises(InvalidInput, match="by reference") as caught:
        import_document(SHOP, ImportRequest(secrets=("hunter2hunter2",)))
    assert "hunter2" not in caught.value.message
    with pytest.raises(InvalidInput, match="https only"):
        import_document(SHOP, ImportRequest(server="http://shop.example", secrets=("env:SHOP_TOKEN",)))
    for server in ("ftp://shop.example", "https://", "https://user:secret@shop.example", "https://shop.example:x", "x"):
        with pytest.raises(InvalidInput, match="is allowed") as caught:
            import_document(SHOP, ImportRequest(server=server, secrets=("env:SHOP_TOKEN",)))
        assert "secret@" not in caught.value.message


def test_a_pattern_is_told_and_never_run() -> None:
    schema = only(SHOP, ImportRequest(only=("createOrder",), secrets=SECRET.secrets)).input_schema
    note = schema["$defs"]["Gift"]["properties"]["note"]
    assert note == {"type": "string", "description": "Pattern: ^(a+)+$"}


def test_a_body_that_is_no_plain_object_is_one_argument() -> None:
    for schema in (
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "object", "properties": {"a": {}}, "additionalProperties": True},
    ):
        found = only(posting(schema))
        assert (found.whole_body, list(found.input_schema["properties"])) == ("body", ["body"])


def test_what_may_be_asked_again_is_what_changes_nothing_twice() -> None:
    said = {
        "/a": {"post": {"x-helpdesk-side-effect": "read"}, "get": {"x-helpdesk-side-effect": "write"}},
        "/b": {"put": {}, "patch": {}, "post": {"parameters": [{"name": "Idempotency-Key", "in": "header"}]}},
    }
    found = declarations(import_document(document(said), ALL))
    assert {name: each.repeatable for name, each in found.items()} == {
        "get_a": False,
        "post_a": True,
        "put_b": True,
        "patch_b": False,
        "post_b": True,
    }
    assert found["post_b"].fields == ()


def test_a_host_of_other_letters_is_one_host() -> None:
    for server in ("https://b\u00fccher.example/v1", "https://xn--bcher-kva.example/v1"):
        found = only(document({"/x": {"get": {}}}), ImportRequest(server=server))
        assert httpx.URL(found.url).host == found.host


names = st.sampled_from(["id", "body", "body_id", "query_id", "a b", "X-Id", "é"])
places = st.sampled_from(["query", "header"])


@given(st.lists(st.tuples(places, names), unique=True, max_size=6), st.lists(names, unique=True, max_size=4))
def test_every_parameter_has_one_argument_of_its_own_or_the_operation_is_refused(
    parameters: list[tuple[str, str]], fields: list[str]
) -> None:
    described = [{"in": place, "name": name, "schema": {"type": "string"}} for place, name in parameters]
    body = {"content": {"application/json": {"schema": {"properties": {name: {} for name in fields}}}}}
    operation = {"parameters": described, "requestBody": body} if fields else {"parameters": described}
    try:
        found = only(document({"/x": {"post": operation}}))
    except InvalidToolDocument:
        plain = [re.sub(r"[^A-Za-z0-9_.-]+", "_", name) for name in (*(name for _, name in parameters), *fields)]
        assert len(set(plain)) < len(plain)
        return
    sent = [(place, name) for place, name in parameters if not (place == "header" and not name.isascii())]
    sent = [(place, name) for place, name in sent if not (place == "header" and " " in name)]
    assert sorted((each.place, each.name) for each in found.fields) == sorted(
        [*sent, *(("body", name) for name in fields)]
    )
    assert len({each.argument for each in found.fields}) == len(found.fields)
    assert {each.argument for each in found.fields} == set(found.input_schema["properties"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
words = st.sampled_from(
    ["get", "post", "parameters", "requestBody", "content", "schema", "security", "$ref", "responses", "servers", "in"]
)
documents = st.recursive(
    json_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(documents, documents)
def test_a_document_of_any_shape_makes_tools_or_is_refused(path: Any, components: Any) -> None:
    text = document({"/x": path, "/y": {"post": path}}, components=components)
    try:
        imported = import_document(text, ImportRequest(secrets=("env:X",)))
    except InvalidInput:
        return
    for each in declarations(imported).values():
        Draft202012Validator.check_schema(each.input_schema)
