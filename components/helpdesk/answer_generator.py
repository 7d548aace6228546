"""Who makes a tenant's answers: its language models where it has any, quoting where it has none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from components.core.answers import GeneratedText, GenerationRequest
from components.core.generation import AnswerGenerator
from components.gateway.catalogue import EXTRACTIVE, Catalogue
from components.gateway.policy import ModelPolicy
from components.gateway.routing import allowed_models


def models_of(catalogue: Catalogue, policy: ModelPolicy) -> str:
    """What answers a tenant's questions, as a text that changes when that does: where a language model may answer,
    all declarations and the whole policy, since both say which one it is."""
    if not allowed_models(catalogue.models, policy):
        return EXTRACTIVE
    # Keys are not in what a declaration shows of itself.
    return hashlib.sha256(f"{tuple(catalogue.models.values())!r} {policy!r}".encode()).hexdigest()


class TenantGenerator:
    """Keeps core's AnswerGenerator. It follows the tenant's configuration from one question to the next."""

    def __init__(
        self,
        catalogue: Catalogue,
        policy: Callable[[], ModelPolicy],
        grounded: Callable[[ModelPolicy], AnswerGenerator],
        extractive: AnswerGenerator,
    ) -> None:
        """policy: the tenant's, as it is now. grounded: the generator over language models for a policy."""
        self._catalogue = catalogue
        self._policy = policy
        self._grounded = grounded
        self._extractive = extractive

    @property
    def name(self) -> str:
        """Of what answers where nothing else is said; each text names its own model."""
        return self._extractive.name

    def stream(self, request: GenerationRequest) -> Iterator[str | GeneratedText]:
        """As AnswerGenerator says; quoted where the pipeline renders no prompt. Raises DatabaseUnavailable."""
        policy = self._policy()
        if request.prompt is None or not allowed_models(self._catalogue.models, policy):
            return self._extractive.stream(request)
        return self._grounded(policy).stream(request)
