"""Loads the YAML pipelines and binds them to one tenant's index: what a prompt engineer edits, as it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import yaml
from haystack import Pipeline
from haystack.core.errors import ComponentError, DeserializationError, PipelineError, SerializationError
from haystack.core.serialization import DeserializationCallbacks

from components.core.embeddings import Embedder
from components.core.errors import InvalidPipeline
from components.core.generation import AnswerGenerator
from components.vectors.snapshot import IndexSnapshot

SHIPPED = Path(__file__).parent / "definitions"
ALLOWED_MODULES = ["components.retrieval", "haystack"]
ANSWERING_TYPES = {"components.retrieval.context.ContextAssembler", "components.retrieval.answerer.Answerer"}


@dataclass(frozen=True)
class Bindings:
    """The live objects a pipeline works on, injected into the constructors that name them."""

    index: IndexSnapshot
    embedder: Embedder
    generator: AnswerGenerator | None = None


def shipped_pipelines() -> list[str]:
    """Names of the pipelines that come with the project."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def read_definition(name: str) -> dict[str, Any]:
    """The YAML of a shipped pipeline by name, or of a file by path. Raises InvalidPipeline."""
    path = SHIPPED / f"{name}.yaml" if name in shipped_pipelines() else Path(name)
    if not path.is_file():
        raise InvalidPipeline(
            f"pipeline {name!r} is neither a file nor one of {', '.join(shipped_pipelines())}", field="pipeline"
        )
    try:
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPipeline(f"{path}: {error}", field="pipeline") from error
    if not isinstance(definition, dict) or not isinstance(definition.get("components"), dict):
        raise InvalidPipeline(f"{path}: a pipeline needs a mapping `components`", field="pipeline")
    return definition


def retrieval_part(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The same pipeline without its answering stages, for measuring retrieval alone."""
    kept = {name: part for name, part in definition["components"].items() if part.get("type") not in ANSWERING_TYPES}
    connections = [
        link
        for link in definition.get("connections", [])
        if link["sender"].split(".")[0] in kept and link["receiver"].split(".")[0] in kept
    ]
    return {**definition, "components": kept, "connections": connections}


def build_pipeline(definition: Mapping[str, Any], bindings: Bindings) -> Pipeline:
    """The pipeline wired and bound. Raises InvalidPipeline naming what does not fit."""
    live = {"index": bindings.index, "embedder": bindings.embedder, "generator": bindings.generator}

    def inject(_name: str, component_class: type, parameters: dict[str, Any]) -> None:
        accepted = signature(component_class.__init__).parameters
        parameters.update({key: value for key, value in live.items() if key in accepted})

    try:
        pipeline = Pipeline.from_dict(
            dict(definition),
            callbacks=DeserializationCallbacks(component_pre_init=inject),
            allowed_modules=ALLOWED_MODULES,
        )
        pipeline.warm_up()
    except InvalidPipeline:
        raise
    except (PipelineError, ComponentError, SerializationError, DeserializationError, ImportError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidPipeline(f"the pipeline does not load: {error}", field="pipeline") from error
    return pipeline
