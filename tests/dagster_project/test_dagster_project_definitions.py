"""What Dagster is shown: the definitions, the declared sources, the instance's settings."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster_shop import RETURNS, Shop
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from components.core.documents import DocumentProblem
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.knowledge.source_declarations import FolderSourceAttributes, load_declarations, write_declaration
from dagster_project.definitions import build_definitions
from dagster_project.instance import prepare_home
from dagster_project.jobs import STAGES
from dagster_project.partitions import NLU_PROJECTS, TENANTS
from dagster_project.presentation import problem_metadata
from dagster_project.resources import SHIPPED_SOURCES
from dagster_project.servers import plan_servers
from dagster_project.sources import load_sources

ROOT = Path(__file__).parents[2]
GOOD = {"tenant": "shop.example", "name": "help", "folder": "knowledge"}


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None))


def test_the_definitions_are_these(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    edges = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    shipped = {"source/help/cumulo.example", "source/help/northtrail.example"}
    assert edges == {
        **{key: set() for key in shipped},
        "raw_documents": shipped,
        "documents": {"raw_documents"},
        "chunks": {"documents"},
        "embeddings": {"chunks"},
        "evaluation_sets": set(),
        "retrieval_evaluation": {"embeddings", "evaluation_sets"},
        "served_index": {"retrieval_evaluation"},
        "nlu_model": set(),
        "conversation_facts": set(),
    }
    assert {key.to_user_string() for key in graph.asset_check_keys} == {
        "chunks:no_empty_document",
        "embeddings:dimensions_match",
        "embeddings:no_orphan_chunk",
        "nlu_model:nlu_quality",
        "retrieval_evaluation:retrieval_quality",
    }
    repository = defs.get_repository_def()
    assert [(s.name, s.cron_schedule, s.default_status) for s in repository.schedule_defs] == [
        ("fresh_facts", "*/10 * * * *", dg.DefaultScheduleStatus.RUNNING),
        ("hourly_knowledge", "0 * * * *", dg.DefaultScheduleStatus.RUNNING),
    ]
    assert {(s.name, s.default_status) for s in repository.sensor_defs} == {
        ("source_changes", dg.DefaultSensorStatus.RUNNING),
        ("nlu_project_changes", dg.DefaultSensorStatus.RUNNING),
    }
    assert {"knowledge", "understanding", "analytics"} <= set(repository.job_names)


def test_every_asset_and_check_is_partitioned_by_tenant_and_explained(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for name in STAGES:
        node = graph.get(dg.AssetKey(name))
        assert node.partitions_def == TENANTS, name
        assert node.description, name
        assert node.owners, name
        assert node.group_name == "knowledge", name
    for key in graph.asset_check_keys:
        expected = NLU_PROJECTS if key.asset_key == dg.AssetKey("nlu_model") else TENANTS
        assert graph.get(key).partitions_def == expected, key
    facts = graph.get(dg.AssetKey("conversation_facts"))
    assert (facts.partitions_def, facts.group_name) == (TENANTS, "analytics")
    assert facts.description
    assert facts.owners
    model = graph.get(dg.AssetKey("nlu_model"))
    assert model.partitions_def == NLU_PROJECTS
    assert model.description
    assert model.owners


def test_importing_the_definitions_loads_no_heavy_library() -> None:
    script = (
        "import sys; from dagster_project.definitions import defs; defs();"
        "print(sorted({'torch', 'onnxruntime', 'lancedb', 'haystack', 'pyarrow', 'gradio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_shipped_declaration_loads_alike_in_dagster_and_on_the_command_line(defs: dg.Definitions) -> None:
    declared = load_declarations([SHIPPED_SOURCES])
    assert declared
    for source in declared:
        assert source.folder.is_dir(), source.file
        assert source.evaluation is not None
        assert source.evaluation.is_dir(), source.file
        spec = {spec.key: spec for spec in defs.resolve_all_asset_specs()}[
            dg.AssetKey(["source", source.name, source.tenant])
        ]
        assert spec.metadata["folder"].value == str(source.folder)
        assert spec.metadata["tenant"] == source.tenant


@pytest.mark.parametrize(
    ("attributes", "key"),
    [
        ({**GOOD, "foldre": "x"}, "foldre"),
        ({"tenant": "shop.example", "name": "help"}, "folder"),
        ({**GOOD, "name": "No Spaces"}, "name"),
        (None, "attributes are missing"),
    ],
)
def test_an_unreadable_declaration_says_why_in_the_lineage_and_stops_no_other(
    tmp_path: Path, attributes: object, key: str
) -> None:
    file = tmp_path / "shop" / "defs.yaml"
    file.parent.mkdir()
    body = {"type": "dagster_project.sources.FolderSourceComponent", "attributes": attributes}
    file.write_text(yaml.safe_dump({name: value for name, value in body.items() if value is not None}))
    other = FolderSourceAttributes(tenant="other.example", name="help", folder=str(tmp_path))
    write_declaration(tmp_path / "other" / "defs.yaml", other)
    specs = {tuple(spec.key.path): spec for spec in load_sources([tmp_path]).resolve_all_asset_specs()}
    assert ("source", "help", "other.example") in specs
    (problem,) = [spec for path, spec in specs.items() if path[-1] == "unreadable"]
    assert key in (problem.description or "")
    assert str(file) in (problem.description or "")


def test_a_source_declared_in_the_data_folder_is_in_the_lineage(
    make_shop: Callable[..., Shop], settings: Settings
) -> None:
    shop = make_shop(returns=RETURNS)
    graph = build_definitions(settings).resolve_asset_graph()
    key = dg.AssetKey(["source", "help", shop.domain])
    assert graph.get(key).metadata["folder"].value == str(shop.knowledge)
    assert key in graph.get(dg.AssetKey("raw_documents")).parent_keys


def test_dagsters_settings_are_private_and_writing_them_again_changes_nothing(
    settings: Settings, postgres: DatabaseAddresses
) -> None:
    home = prepare_home(settings, postgres)
    file = home / "dagster.yaml"
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    assert prepare_home(settings, postgres) == home == settings.data_dir / "dagster"
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_instance_queues_one_run_a_tenant_and_sends_nothing_home(instance: dg.DagsterInstance) -> None:
    assert type(instance.run_storage).__module__.startswith("dagster_postgres")
    assert type(instance.event_log_storage).__module__.startswith("dagster_postgres")
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 2
    assert queue.tag_concurrency_limits == [
        {"key": "dagster/partition", "limit": 1, "value": {"applyLimitPerUniqueValue": True}}
    ]
    assert not instance.telemetry_enabled


def test_the_workspace_loads_the_definitions() -> None:
    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"]["module_name"] == "dagster_project.definitions"


def test_one_code_server_serves_daemon_and_webserver_over_a_private_socket(settings: Settings, home: Path) -> None:
    code, daemon, webserver = plan_servers(settings, home, {"PATH": "/bin"})
    workspace = yaml.safe_load((home / "workspace.yaml").read_text())
    assert code.serves is not None
    assert workspace["load_from"] == [{"grpc_server": {"socket": str(code.serves), "location_name": "helpdesk"}}]
    assert stat.S_IMODE(code.serves.parent.stat().st_mode) == 0o700
    for server in (code, daemon, webserver):
        assert server.environment["DAGSTER_HOME"] == str(home)
        assert server.environment["HELPDESK_DATA_DIR"] == str(settings.data_dir)
    assert str(settings.resolved_dagster_port) in webserver.command


def test_a_data_folder_with_a_long_path_gets_a_socket_all_the_same(settings: Settings, tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30)
    home.mkdir()
    code, *_ = plan_servers(settings, home, {})
    assert code.serves is not None
    assert len(str(code.serves)) < 100
    code.serves.parent.rmdir()


texts = st.text(max_size=30)


@settings_of_hypothesis(max_examples=50)
@given(st.lists(st.builds(DocumentProblem, texts, texts, texts), min_size=1, max_size=5))
def test_whatever_a_file_is_called_the_table_of_problems_keeps_its_columns(problems: list[DocumentProblem]) -> None:
    table = problem_metadata(problems)["problem table"].value
    lines = str(table).split("\n")
    assert len(lines) == len(problems) + 2
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4
        assert "<" not in line
