"""What a folder gives, and how it reports what it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.core.errors import InvalidInput, Unavailable
from components.core.sources import KnowledgeSource
from components.knowledge.folder_source import FolderSource


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "knowledge"
    (root / "returns").mkdir(parents=True)
    (root / "returns" / "policy.md").write_text("# Returns\n\nWithin 30 days.")
    (root / "about.html").write_text("<h1>About</h1>")
    return root


def reasons(source: FolderSource) -> dict[str, str]:
    return {problem.document_id: problem.reason for problem in source.snapshot().problems}


def test_a_folder_keeps_the_protocol_and_gives_its_files_sorted_with_stable_ids(folder: Path) -> None:
    source: KnowledgeSource = FolderSource("help", folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "notes.md").write_text("hidden")
    (folder / ".draft.md").write_text("hidden")
    snapshot = source.snapshot()
    assert [document.document_id for document in snapshot.documents] == ["help/about.html", "help/returns/policy.md"]
    assert [document.media_type for document in snapshot.documents] == ["text/html", "text/markdown"]
    assert snapshot.problems == ()
    assert source.snapshot() == snapshot


def test_a_decomposed_file_name_gives_a_composed_id(folder: Path) -> None:
    (folder / "cafe\u0301.md").write_text("Coffee")
    assert "help/caf\u00e9.md" in [
        document.document_id for document in FolderSource("help", folder).snapshot().documents
    ]


def test_each_unusable_file_is_reported_with_its_reason_and_the_others_go_on(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("another tenant's")
    (folder / "escape.md").symlink_to(tmp_path / "secret.md")
    (folder / "escape-folder").symlink_to(tmp_path)
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "dangling.md").symlink_to(folder / "gone.md")
    (folder / "tour").symlink_to(folder / "returns")
    (folder / "photo.png").write_bytes(b"\x89PNG")
    (folder / "huge.txt").write_text("x" * 2_001)
    (folder / "same.md").write_bytes((folder / "returns" / "policy.md").read_bytes())
    (folder / "zcopy.md").write_bytes((folder / "returns" / "policy.md").read_bytes())
    os.mkfifo(folder / "pipe.txt")
    source = FolderSource("help", folder, max_bytes=2_000)
    assert reasons(source) == {
        "help/escape.md": "outside_folder",
        "help/escape-folder": "outside_folder",
        "help/loop.md": "unreadable",
        "help/dangling.md": "unreadable",
        "help/tour": "unsupported_type",
        "help/photo.png": "unsupported_type",
        "help/huge.txt": "too_large",
        "help/same.md": "duplicate",
        "help/zcopy.md": "duplicate",
        "help/pipe.txt": "unsupported_type",
    }
    duplicate = next(problem for problem in source.snapshot().problems if problem.document_id == "help/zcopy.md")
    assert "help/returns/policy.md" in duplicate.message
    assert len(source.snapshot().documents) == 2


def test_a_link_within_the_folder_counts_as_a_file_of_its_own_name(folder: Path) -> None:
    (folder / "real.md").write_text("Linked text")
    (folder / "alias.md").symlink_to(folder / "real.md")
    source = FolderSource("help", folder)
    assert reasons(source) == {"help/real.md": "duplicate"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_unreadable(folder: Path) -> None:
    (folder / "closed.md").write_text("closed")
    (folder / "closed.md").chmod(0)
    assert reasons(FolderSource("help", folder)) == {"help/closed.md": "unreadable"}


def test_patterns_choose_files_and_the_rest_is_no_problem(folder: Path) -> None:
    (folder / "photo.png").write_bytes(b"\x89PNG")
    source = FolderSource("help", folder, include=["*.md"])
    assert [document.path for document in source.snapshot().documents] == ["returns/policy.md"]
    assert reasons(source) == {}


def test_a_missing_folder_never_looks_like_an_empty_one(folder: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", folder / "about.html"):
        source = FolderSource("help", place)
        with pytest.raises(Unavailable, match=str(place)):
            source.snapshot()
        with pytest.raises(Unavailable, match=str(place)):
            source.fingerprint()


def test_the_fingerprint_changes_with_every_change_of_a_file(folder: Path) -> None:
    source = FolderSource("help", folder)
    seen = {source.fingerprint()}
    assert source.fingerprint() in seen
    (folder / "new.md").write_text("New")
    seen.add(source.fingerprint())
    (folder / "new.md").write_text("Newer")
    seen.add(source.fingerprint())
    (folder / "new.md").rename(folder / "renamed.md")
    seen.add(source.fingerprint())
    (folder / "renamed.md").unlink()
    (folder / "about.html").touch()
    seen.add(source.fingerprint())
    assert len(seen) == 5


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\\b"])
def test_a_source_name_that_would_break_ids_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="without slashes"):
        FolderSource(name, tmp_path)
