"""Filters select what Haystack's own in-memory filters select, and no value escapes its quotes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from haystack.dataclasses import Document
from haystack.document_stores.types import DuplicatePolicy
from haystack.errors import FilterError
from haystack.utils.filters import document_matches_filter
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_rows import IDENTITY, OTHER_TENANT, row

from components.core.tenant import TenantContext
from components.vectors.document_store import LanceDocumentStore
from components.vectors.filters import to_where
from components.vectors.tenant_index import TenantIndex

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda text: text[:1] not in tuple("0123456789"))
KEYS = st.sampled_from(["a", "b'c", 'd"e', "f\\g", "h]$[i", "ä🥾", "title"])
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(-1e6, 1e6), st.sampled_from([0, 1, 2**53 + 1]))
METAS = st.dictionaries(KEYS, st.one_of(TEXTS, NUMBERS, st.none()), max_size=3)
EQUALITIES = st.fixed_dictionaries(
    {"operator": st.sampled_from(["==", "!="]), "value": st.one_of(TEXTS, NUMBERS, st.none())}
)
MEMBERSHIPS = st.fixed_dictionaries(
    {"operator": st.sampled_from(["in", "not in"]), "value": st.lists(st.one_of(TEXTS, NUMBERS), max_size=3)}
)
COMPARISONS = st.builds(lambda key, rest: {"field": f"meta.{key}", **rest}, KEYS, st.one_of(EQUALITIES, MEMBERSHIPS))
FILTERS = st.recursive(
    COMPARISONS,
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(["AND", "OR", "NOT"]), "conditions": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> LanceDocumentStore:
    root = tmp_path_factory.mktemp("filters")
    return LanceDocumentStore(str(root), str(OTHER_TENANT.tenant_id), asdict(IDENTITY))


@settings(max_examples=60, deadline=None)
@given(metas=st.lists(METAS, min_size=1, max_size=5), filters=FILTERS, data=st.data())
def test_filters_select_what_haystack_selects(
    store: LanceDocumentStore, metas: list[dict[str, Any]], filters: dict[str, Any], data: st.DataObject
) -> None:
    present = [(key, value) for meta in metas for key, value in meta.items()]
    if present and data.draw(st.booleans(), label="ask for a value that is there"):
        key, value = data.draw(st.sampled_from(present))
        filters = {"field": f"meta.{key}", "operator": data.draw(st.sampled_from(["==", "!="])), "value": value}
    documents = [Document(id=str(number), content="x", meta=meta) for number, meta in enumerate(metas)]
    store.delete_all_documents()
    store.write_documents(documents, policy=DuplicatePolicy.OVERWRITE)
    expected = [document.id for document in documents if document_matches_filter(filters, document)]
    assert [document.id for document in store.filter_documents(filters)] == expected


@settings(max_examples=30, deadline=None)
@given(metas=st.lists(st.fixed_dictionaries({"n": st.floats(-1e6, 1e6)}), min_size=1, max_size=5), data=st.data())
def test_numbers_are_ordered_as_numbers(
    store: LanceDocumentStore, metas: list[dict[str, Any]], data: st.DataObject
) -> None:
    limit = data.draw(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([meta["n"] for meta in metas])))
    filters = {"field": "meta.n", "operator": data.draw(st.sampled_from(["<", "<=", ">", ">="])), "value": limit}
    documents = [Document(id=str(number), content="x", meta=meta) for number, meta in enumerate(metas)]
    store.delete_all_documents()
    store.write_documents(documents)
    expected = [document.id for document in documents if document_matches_filter(filters, document)]
    assert [document.id for document in store.filter_documents(filters)] == expected


def test_dates_with_and_without_zone_are_ordered_in_utc(store: LanceDocumentStore) -> None:
    moments = ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00", "2026-01-01", "no date"]
    store.delete_all_documents()
    store.write_documents([Document(id=str(n), content="x", meta={"at": at}) for n, at in enumerate(moments)])
    found = store.filter_documents({"field": "meta.at", "operator": ">=", "value": "2026-01-01T08:00:00Z"})
    assert [document.id for document in found] == ["0", "1"]


ATTACKS = [
    "' OR true --",
    "x'; DROP TABLE chunks; --",
    "\\' OR 1=1",
    '" OR ""="',
    "') OR ('a'='a",
    "$..*",
    "a' IS NULL OR '",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("field", ["meta.title", "meta.other", "id", "content"])
def test_a_value_never_becomes_sql(store: LanceDocumentStore, attack: str, field: str) -> None:
    store.delete_all_documents()
    store.write_documents([Document(id="1", content="kept", meta={"title": "t", "other": "o"})])
    assert store.filter_documents({"field": field, "operator": "==", "value": attack}) == []
    assert store.count_documents() == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_field_never_becomes_sql(store: LanceDocumentStore, attack: str) -> None:
    store.delete_all_documents()
    store.write_documents([Document(id="1", content="kept", meta={"title": "t"})])
    asked = {"field": f"meta.{attack.replace('.', '')}", "operator": "==", "value": "t"}
    assert store.filter_documents(asked) == []


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"field": "meta.a", "operator": "~", "value": 1}, "unknown comparison operator '~'"),
        ({"operator": "XOR", "conditions": []}, "unknown logical operator 'XOR'"),
        ({"field": "meta.", "operator": "==", "value": 1}, "field 'meta.'"),
        ({"field": "meta.a", "operator": "==", "value": {"b": 1}}, "value of type dict"),
        ({"field": "meta.a", "operator": ">", "value": float("nan")}, "finite"),
        ({"field": "meta.a", "operator": "==", "value": "\ud800"}, "not valid Unicode"),
        ({"field": "content", "operator": ">", "value": 1}, "holds text"),
    ],
)
def test_a_malformed_filter_is_refused_by_name(filters: dict[str, Any], named: str) -> None:
    with pytest.raises(FilterError, match=named):
        to_where(filters)


def test_searches_keep_to_the_filter_before_they_count(index: TenantIndex) -> None:
    index.write([row(f"boots number {number}", f"docs/{number}.md") for number in range(20)])
    where = to_where({"field": "meta.document_id", "operator": "in", "value": ["docs/3.md", "docs/4.md"]})
    latest, question = index.latest(), row("boots number")[1].vector
    for found in (latest.search_vector(question, 2, where), latest.search_text("boots", 2, where)):
        assert {passage.document_id for passage in found} == {"docs/3.md", "docs/4.md"}


def test_a_filter_reaches_no_other_tenant(index: TenantIndex, store: LanceDocumentStore) -> None:
    assert isinstance(OTHER_TENANT, TenantContext)
    index.write([row("ours")])
    store.delete_all_documents()
    assert store.filter_documents({"field": "content", "operator": "==", "value": "ours"}) == []
