"""One tenant's handle never reads another's rows."""

from __future__ import annotations

from pathlib import Path

from vector_rows import IDENTITY, OTHER_TENANT, TENANT, embed, row

from components.vectors.tenant_index import TenantIndex, delete_index

SECRET = row("the launch date is a secret", "docs/secret.md")


def test_a_tenant_finds_nothing_of_another_by_any_door(tmp_path: Path) -> None:
    theirs = TenantIndex.open(tmp_path, OTHER_TENANT, IDENTITY)
    theirs.write([SECRET])
    theirs.maintain()
    theirs.promote(theirs.version)
    ours = TenantIndex.open(tmp_path, TENANT, IDENTITY)
    ours.write([row("ours")])
    latest, secret = ours.latest(), SECRET[0].chunk_id
    assert ours.served() is None
    assert ours.chunk_ids() == {row("ours")[0].chunk_id}
    assert [passage.text for passage in latest.search_vector(embed("secret launch").vector, 9)] == ["ours"]
    assert latest.search_text("secret launch date", 9) == []
    assert latest.passages([secret]) == {}
    assert latest.vectors([secret]) == {}
    assert latest.token_vectors([secret]) == {}
    assert "secret" not in latest.statistics.pieces


def test_deleting_by_an_id_of_another_tenant_leaves_it(tmp_path: Path) -> None:
    theirs = TenantIndex.open(tmp_path, OTHER_TENANT, IDENTITY)
    theirs.write([SECRET])
    ours = TenantIndex.open(tmp_path, TENANT, IDENTITY)
    ours.delete([SECRET[0].chunk_id])
    delete_index(tmp_path, TENANT)
    assert theirs.chunk_ids() == {SECRET[0].chunk_id}


def test_tenants_share_no_path(tmp_path: Path) -> None:
    for tenant in (TENANT, OTHER_TENANT):
        TenantIndex.open(tmp_path, tenant, IDENTITY).write([SECRET])
    assert {path.name for path in tmp_path.iterdir()} == {str(TENANT.tenant_id), str(OTHER_TENANT.tenant_id)}
