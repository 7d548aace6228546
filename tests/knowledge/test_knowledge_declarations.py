"""Sources as a knowledge manager declares them in YAML: read, or refused with file and key."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidSetting
from components.knowledge.readable_declarations import declarations_of, readable_declarations
from components.knowledge.source_declarations import FolderSourceAttributes, load_declarations, write_declaration

GOOD = """\
type: dagster_project.sources.FolderSourceComponent
attributes:
  tenant: shop.example
  name: help
  folder: ../articles
  evaluation: questions
"""


def declare(root: Path, text: str | bytes, name: str = "shop") -> Path:
    file = root / name / "defs.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text("# A\n\nText.\n")
    file = declare(tmp_path, GOOD)
    (found,) = load_declarations([tmp_path, tmp_path / "nowhere"])
    assert (found.tenant, found.name, found.file) == ("shop.example", "help", file)
    assert found.evaluation == tmp_path / "shop" / "questions"
    assert [document.document_id for document in found.source.snapshot().documents] == ["help/a.md"]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    attributes = FolderSourceAttributes(tenant="shop.example", name="help", folder=str(tmp_path))
    written = write_declaration(tmp_path / "shop" / "defs.yaml", attributes)
    (found,) = load_declarations([tmp_path])
    assert (found.tenant, found.name, found.folder, found.evaluation) == ("shop.example", "help", tmp_path, None)
    assert (written.file, written.folder) == (found.file, found.folder)
    with pytest.raises(InvalidSetting, match=r"defs\.yaml"):
        write_declaration(written.file, attributes)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD.replace("  name: help\n", ""), "attributes.name"),
        (GOOD.replace("name: help", "name: Help Pages"), "attributes.name='Help Pages'"),
        (GOOD.replace("name: help", "name: 'help\n\n'"), "attributes.name"),
        (GOOD.replace("evaluation:", "evaluations:"), "attributes.evaluations"),
        (GOOD.replace("shop.example", "[a]"), "attributes.tenant"),
        ("type: dagster_project.sources.FolderSourceComponent\n", "attributes"),
        ("a: [", "defs.yaml"),
        ("a: 2026-13-01", "defs.yaml"),
        ("[" * 5000, "defs.yaml"),
        (b"\xff\xfe\x00", "defs.yaml"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str | bytes, named: str) -> None:
    file = declare(tmp_path, text)
    with pytest.raises(InvalidSetting) as raised:
        load_declarations([tmp_path])
    assert str(file) in raised.value.message
    assert named in raised.value.message


def test_two_sources_of_one_name_are_refused_by_both_files(tmp_path: Path) -> None:
    first, second = declare(tmp_path, GOOD, "a"), declare(tmp_path, GOOD, "b")
    with pytest.raises(InvalidSetting) as raised:
        load_declarations([tmp_path])
    assert str(first) in raised.value.message
    assert str(second) in raised.value.message


def test_one_tenant_may_have_several_sources_and_one_file_several_of_them(tmp_path: Path) -> None:
    declare(tmp_path, f"{GOOD}---\n{GOOD.replace('name: help', 'name: blog')}")
    declare(tmp_path, GOOD.replace("shop.example", "other.example"), "other")
    found = [(each.tenant, each.name) for each in load_declarations([tmp_path])]
    assert found == [("other.example", "help"), ("shop.example", "help"), ("shop.example", "blog")]


def test_components_of_other_types_are_passed_over(tmp_path: Path) -> None:
    declare(tmp_path, "type: dagster.DefinitionsFolder\n---\n- a list\n")
    assert load_declarations([tmp_path]) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | st.text(alphabet=":{}[]-&*!|>?'\"#%@ \nab01", max_size=40).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    declare(tmp_path, content)
    with suppress(InvalidSetting):
        load_declarations([tmp_path])


@pytest.mark.parametrize("broken", ["tenant: other.example\nname: [", GOOD.replace("name: help", "name: No Spaces")])
def test_anothers_mistake_is_not_waited_for(tmp_path: Path, broken: str) -> None:
    declare(tmp_path, GOOD, "good")
    file = declare(tmp_path, broken.replace("shop.example", "other.example"), "good/below")
    found, (problem,) = readable_declarations([tmp_path])
    assert [each.tenant for each in found] == ["shop.example"]
    assert problem.file == file
    assert [each.name for each in declarations_of([tmp_path], "shop.example")] == ["help"]
    with pytest.raises(InvalidSetting, match="below"):
        declarations_of([tmp_path], "other.example")


def test_a_file_that_names_nobody_may_be_anybodys(tmp_path: Path) -> None:
    declare(tmp_path, GOOD, "good")
    declare(tmp_path, b"\xff\xfe", "broken")
    with pytest.raises(InvalidSetting, match="broken"):
        declarations_of([tmp_path], "shop.example")
