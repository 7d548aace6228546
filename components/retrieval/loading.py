"""Loads the YAML pipelines and binds them to one tenant's index: what a prompt engineer edits, as it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import haystack.tools  # noqa: F401 - seconds of imports that the first question would wait for
import yaml
from haystack import Pipeline
from haystack.core.errors import ComponentError, DeserializationError, PipelineError, SerializationError
from haystack.core.serialization import DeserializationCallbacks
from threadpoolctl import threadpool_limits

from components.core.embeddings import Embedder
from components.core.errors import InvalidPipeline
from components.core.generation import AnswerGenerator
from components.retrieval.pipeline_schema import ALLOWED_MODULES, OURS, SHIPPED, shipped_pipelines
from components.vectors.snapshot import IndexSnapshot

ANSWERING_TYPES = {"components.retrieval.context.ContextAssembler", "components.retrieval.answerer.Answerer"}
# What Haystack and the constructors it calls raise for a definition that does not fit.
_LOADING = (
    PipelineError,
    ComponentError,
    SerializationError,
    DeserializationError,
    ImportError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)


@dataclass(frozen=True)
class Bindings:
    """The live objects a pipeline works on, injected into the constructors that name them."""

    index: IndexSnapshot
    embedder: Embedder
    generator: AnswerGenerator | None = None


def read_definition(name: str) -> dict[str, Any]:
    """The YAML of a shipped pipeline by name, or of a file by path. Raises InvalidPipeline."""
    path = SHIPPED / f"{name}.yaml" if name in shipped_pipelines() else Path(name)
    if not path.is_file():
        raise InvalidPipeline(
            f"pipeline {name!r} is neither a file nor one of {', '.join(shipped_pipelines())}", field="pipeline"
        )
    try:
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InvalidPipeline(f"{path}: {error}", field="pipeline") from error
    return _checked(definition, path)


def _checked(definition: object, path: Path) -> dict[str, Any]:
    """The shape that Haystack takes for granted."""
    if not isinstance(definition, dict) or not isinstance(definition.get("components"), dict):
        raise InvalidPipeline(f"{path}: a pipeline needs a mapping `components`", field="pipeline")
    for name, part in definition["components"].items():
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise InvalidPipeline(f"{path}: component {name!r} needs a `type`, got {part!r}", field="pipeline")
        if not isinstance(part.setdefault("init_parameters", {}), dict):
            raise InvalidPipeline(f"{path}: init_parameters of {name!r} need to be a mapping", field="pipeline")
    connections = definition.setdefault("connections", [])
    if not isinstance(connections, list):
        raise InvalidPipeline(f"{path}: `connections` needs to be a list, got {connections!r}", field="pipeline")
    for link in connections:
        if not isinstance(link, dict) or not all(isinstance(link.get(end), str) for end in ("sender", "receiver")):
            raise InvalidPipeline(f"{path}: a connection needs `sender` and `receiver`, got {link!r}", field="pipeline")
    return definition


def retrieval_part(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The same pipeline without its answering stages, for measuring retrieval alone."""
    kept = {name: part for name, part in definition["components"].items() if part["type"] not in ANSWERING_TYPES}
    connections = [
        link
        for link in definition["connections"]
        if link["sender"].split(".")[0] in kept and link["receiver"].split(".")[0] in kept
    ]
    return {**definition, "components": kept, "connections": connections}


@cache
def _keep_blas_to_one_thread() -> None:
    """For the process, once: late interaction's products are small, and a second BLAS thread only fights with the
    embedder's for the core (38 instead of 18 ms a question on two)."""
    threadpool_limits(limits=1, user_api="blas")


def build_pipeline(definition: Mapping[str, Any], bindings: Bindings) -> Pipeline:
    """The pipeline of read_definition wired and bound. Raises InvalidPipeline naming what does not fit."""
    _keep_blas_to_one_thread()
    live = {"index": bindings.index, "embedder": bindings.embedder, "generator": bindings.generator}

    def inject(_name: str, component_class: Any, parameters: dict[str, Any]) -> None:
        # A stock component may have an `index` of its own, which is not ours to give.
        if component_class.__module__.startswith(OURS):
            # Of the constructor, since Haystack's metaclass hides it behind (*args, **kwargs).
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
    except _LOADING as error:
        raise InvalidPipeline(f"the pipeline does not load: {error}", field="pipeline") from error
    return pipeline
