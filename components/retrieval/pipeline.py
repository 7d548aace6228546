"""One tenant's retrieval pipeline, ready to ask: the face that the rest of the house uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

from haystack.core.errors import PipelineRuntimeError

from components.core.answers import Answer, Passage
from components.core.errors import HelpdeskError, InvalidPipeline
from components.core.model_use import UNTOLD, ModelUse
from components.core.prompts import PromptTemplate
from components.retrieval.answerability import AnswerabilityScorer
from components.retrieval.answerer import Answerer
from components.retrieval.loading import Bindings, build_pipeline, read_definition, retrieval_part
from components.retrieval.timing import stage_seconds


def definition_version(definition: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits over a pipeline's YAML as it was read: comments and order do not change them."""
    canonical = json.dumps(definition, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Retrieved:
    """Passages, best first, and how likely the best one answers (0..1). seconds: by stage, and `total`."""

    passages: tuple[Passage, ...]
    confidence: float
    seconds: Mapping[str, float]


class RetrievalPipeline:
    """A YAML pipeline bound to one version of one tenant's index. Thread-safe. version: of its definition.

    Example:
        pipeline = RetrievalPipeline("hybrid", Bindings(index, embedder, generator))
        pipeline.answer("How long do refunds take?", top_k=5, threshold=0.4).text
    """

    def __init__(self, name: str, bindings: Bindings, definition: Mapping[str, Any] | None = None) -> None:
        """name: of a shipped pipeline, or the path of a YAML file. definition: of one that is neither, from
        parse_definition. Raises InvalidPipeline.

        Without a generator in `bindings` only the retrieval stages are built.
        """
        self.name = name
        definition = read_definition(name) if definition is None else definition
        if bindings.generator is None:
            definition = retrieval_part(definition)
        self.version = definition_version(definition)
        self._pipeline = build_pipeline(definition, bindings)
        self._accepted = self._pipeline.inputs()
        self._scorer = self._only(AnswerabilityScorer)
        self._answerer = self._only(Answerer) if bindings.generator is not None else None

    def retrieve(self, question: str, top_k: int = 10) -> Retrieved:
        """The best passages, without an answer made of them."""
        started = perf_counter()
        outputs, seconds = self._run({"query": question, "top_k": top_k}, {self._scorer})
        scored = outputs[self._scorer]
        return Retrieved(
            tuple(scored["passages"][:top_k]), scored["confidence"], {**seconds, "total": perf_counter() - started}
        )

    def answer(
        self,
        question: str,
        *,
        top_k: int = 10,
        threshold: float = 0.0,
        deadline: float = 30.0,
        refusal: str | None = None,
        prompt_template: PromptTemplate | None = None,
        language: str | None = None,
        translated: bool = False,
        fresh: bool = False,
        use: ModelUse = UNTOLD,
        on_text: Callable[[str], None] | None = None,
    ) -> Answer:
        """The cited answer, or the honest refusal where confidence stays below `threshold`.

        on_text: receives the text in pieces, which are provisional: the answer's text replaces them. deadline:
        seconds for the whole of it; what retrieval leaves of them is the generator's. prompt_template: the tenant's
        active one; the shipped one without. language: that a model answers in, as ISO 639-1; the question's own
        without. translated: whether that is another one than the passages'. fresh: no text that a model wrote before
        may stand for it. use: what a model's cost is accounted to. Raises ModelUnavailable, InvalidPrompt.
        """
        if self._answerer is None:
            raise RuntimeError(f"pipeline {self.name!r} was loaded without a generator: it retrieves only")
        started = perf_counter()
        inputs = {
            "query": question,
            "top_k": top_k,
            "threshold": threshold,
            "until": monotonic() + deadline,
            "refusal": refusal,
            "prompt_template": prompt_template,
            "language": language,
            "translated": translated,
            "fresh": fresh,
            "use": use,
            "on_text": on_text,
        }
        outputs, seconds = self._run(inputs, {self._scorer, self._answerer})
        scored, answered = outputs[self._scorer], outputs[self._answerer]
        return Answer(
            text=answered["text"],
            answered=answered["answered"],
            citations=tuple(answered["citations"]),
            passages=tuple(scored["passages"][:top_k]),
            confidence=scored["confidence"],
            threshold=threshold,
            model=answered["model"],
            seconds={**seconds, "total": perf_counter() - started},
            used=tuple(answered["used"]),
            reason=answered["reason"],
            trace=answered["trace"],
        )

    def _run(self, inputs: Mapping[str, Any], wanted: set[str]) -> tuple[dict[str, Any], dict[str, float]]:
        data = {
            name: {key: value for key, value in inputs.items() if key in sockets and value is not None}
            for name, sockets in self._accepted.items()
        }
        with stage_seconds() as seconds:
            try:
                outputs = self._pipeline.run(data, include_outputs_from=wanted)
            except PipelineRuntimeError as error:
                if isinstance(error.__cause__, HelpdeskError):
                    raise error.__cause__ from error
                raise
        return outputs, seconds

    def _only(self, component_type: type) -> str:
        names = [name for name, part in self._pipeline.walk() if isinstance(part, component_type)]
        if len(names) != 1:
            raise InvalidPipeline(
                f"pipeline {self.name!r} has {len(names)} {component_type.__name__} components: exactly one is needed",
                field="pipeline",
            )
        return names[0]
