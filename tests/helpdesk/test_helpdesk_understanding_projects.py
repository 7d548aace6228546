"""A tenant's own NLU project comes whole or not at all, and is nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from nlu_project import EXAMPLES, write_project

from components.core.errors import InvalidNluData
from components.core.tenant import Tenant, TenantContext
from components.helpdesk.understanding.project_import import import_project
from components.helpdesk.understanding.projects import (
    SHARED,
    SHIPPED,
    label_of,
    project_of,
    projects_of,
    shared_project,
)
from components.nlu.rasa_files import read_rasa_project


@pytest.fixture
def tenant() -> TenantContext:
    return TenantContext(uuid4())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_project(tmp_path / "source")


def test_without_an_own_project_there_is_the_one_that_ships(tmp_path: Path, tenant: TenantContext) -> None:
    project = project_of(tmp_path, tenant)
    assert (project.name, project.folder, project.is_shared) == (SHARED, SHIPPED, True)
    assert project == shared_project(tmp_path)
    assert read_rasa_project(project.folder).intents


def test_an_imported_project_is_the_tenants_alone(tmp_path: Path, tenant: TenantContext, source: Path) -> None:
    done = import_project(source, tmp_path, tenant)
    own, other = project_of(tmp_path, tenant), project_of(tmp_path, TenantContext(uuid4()))
    assert (done.intents, done.messages, done.former) == (5, 40, None)
    assert own.tenant_id == tenant.tenant_id
    assert own.models == tmp_path / "nlu" / str(tenant.tenant_id)
    assert read_rasa_project(own.folder).intents == tuple(sorted(EXAMPLES))
    assert other.is_shared


def test_the_former_files_are_kept_and_older_ones_go(tmp_path: Path, tenant: TenantContext, source: Path) -> None:
    folders = []
    for number in range(4):
        write_project(source, {**EXAMPLES, f"extra{number}": ("one thing", "another thing")})
        done = import_project(source, tmp_path, tenant)
        assert done.former == (folders[-1] if folders else None)
        folders.append(done.folder)
        assert f"extra{number}" in read_rasa_project(project_of(tmp_path, tenant).folder).intents
    assert [folder.exists() for folder in folders] == [False, False, True, True]


def test_files_that_cannot_be_trained_on_change_nothing(tmp_path: Path, tenant: TenantContext, source: Path) -> None:
    import_project(source, tmp_path, tenant)
    before = project_of(tmp_path, tenant).version()
    kept = sorted((tmp_path / "nlu" / str(tenant.tenant_id) / "imported").iterdir())
    (source / "nlu.yml").write_text("nlu: [")
    for bad in (source, tmp_path / "nowhere", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(InvalidNluData, match=bad.name):
            import_project(bad, tmp_path, tenant)
    assert project_of(tmp_path, tenant).version() == before
    assert sorted((tmp_path / "nlu" / str(tenant.tenant_id) / "imported").iterdir()) == kept


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, tenant: TenantContext, source: Path) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text("nlu: []")
    (source / "more.yml").symlink_to(secret)
    with pytest.raises(InvalidNluData, match=r"more\.yml: a link that leaves"):
        import_project(source, tmp_path, tenant)


def test_a_folder_put_there_by_hand_is_kept_as_the_former(tmp_path: Path, tenant: TenantContext, source: Path) -> None:
    by_hand = write_project(tmp_path / "nlu" / str(tenant.tenant_id) / "data")
    assert not project_of(tmp_path, tenant).is_shared
    done = import_project(source, tmp_path, tenant)
    assert done.former is not None
    assert (done.former / "nlu.yml").is_file()
    assert by_hand.is_symlink()


def test_every_import_at_once_leaves_a_whole_project(tmp_path: Path, tenant: TenantContext) -> None:
    sources = [write_project(tmp_path / f"s{n}", {**EXAMPLES, f"extra{n}": ("one", "two")}) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda source: import_project(source, tmp_path, tenant), sources))
    assert len(read_rasa_project(project_of(tmp_path, tenant).folder).intents) == 6


def test_a_version_changes_with_any_file_and_only_then(tmp_path: Path, source: Path) -> None:
    project = shared_project(tmp_path, source)
    first = project.version()
    assert project.version() == first
    for name, text in (("domain.yml", "x: 1\n"), ("stories.yml", "stories: []\n"), ("training.yml", "folds: 2\n")):
        (source / name).write_text(text)
        assert project.version() != first
        first = project.version()
    (source / "readme.txt").write_text("not read")
    (source / ".hidden.yml").write_text("not read")
    assert project.version() == first
    (source / "stories.yml").rename(source / "tales.yml")
    assert project.version() != first


def test_a_tenants_project_is_trained_by_the_shipped_settings(
    tmp_path: Path, tenant: TenantContext, source: Path
) -> None:
    (source / "config.yml").write_text("pipeline:\n  - name: evil.module.Component\n")
    import_project(source, tmp_path, tenant)
    assert project_of(tmp_path, tenant).settings_file("config.yml") == SHIPPED / "config.yml"
    assert shared_project(tmp_path, source).settings_file("config.yml") == source / "config.yml"


def test_projects_are_listed_with_the_tenants_whom_they_understand(
    tmp_path: Path, tenant: TenantContext, source: Path
) -> None:
    import_project(source, tmp_path, tenant)
    own = Tenant(tenant.tenant_id, "Own", "own.example")
    others = [Tenant(uuid4(), "Shop", f"shop{number}.example") for number in range(2)]
    (shared, of_shared), (single, of_single) = projects_of(tmp_path, [others[0], own, others[1]])
    assert (label_of(shared, of_shared), of_shared) == (SHARED, tuple(others))
    assert (label_of(single, of_single), of_single) == ("own.example", (own,))
    assert [users for _, users in projects_of(tmp_path, [])] == [()]
