"""Fixtures of the models room: the three embedders, each on something real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.core.embeddings import Embedder
from components.models.embedder_factory import load_embedder
from tests.models.embeddings_test_server import EmbeddingsTestServer
from tests.models.tiny_bert import save_tiny_bert


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load_embedder("bundled", cache_dir=tmp_path_factory.mktemp("models"), threads=2)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_bert(tmp_path_factory.mktemp("tiny_bert"))


@pytest.fixture(scope="session")
def from_folder(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load_embedder(str(tiny_bert), cache_dir=tmp_path_factory.mktemp("models"), threads=2)


@pytest.fixture
def server() -> Iterator[EmbeddingsTestServer]:
    with EmbeddingsTestServer() as running:
        yield running


@pytest.fixture(params=["bundled", "sentence_transformers", "openai"])
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Embedder:
    if request.param == "bundled":
        return request.getfixturevalue("bundled")
    if request.param == "sentence_transformers":
        return request.getfixturevalue("from_folder")
    url = request.getfixturevalue("server").url
    return load_embedder("openai:test", cache_dir=tmp_path, threads=2, embeddings_url=url)
