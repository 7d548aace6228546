"""What the gateway falls back on: the real extractive generator, loaded once."""

from __future__ import annotations

import pytest

from components.core.generation import AnswerGenerator


@pytest.fixture(scope="session")
def extractive() -> AnswerGenerator:
    from components.models.extractive import ExtractiveGenerator
    from components.models.onnx_embedder import OnnxEmbedder

    return ExtractiveGenerator(OnnxEmbedder(threads=2))
