"""Understands messages with a linear model on the helpdesk's own embedder: in milliseconds, wherever it runs."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np

from components.core.embeddings import Embedder, Matrix
from components.core.errors import ModelUnavailable, NluUnavailable
from components.core.nlu import EngineName, RankedIntent, Understanding
from components.nlu.local_entities import EntityFinder, EntityRules
from components.nlu.local_file import LocalModelFile, read_local_model, write_local_model
from components.nlu.local_training import Examples, Progress, softmax, train
from components.nlu.message_vectors import embed_message, embed_messages, readable
from components.nlu.training_data import NluData, check_trainable

RANKED = 10
_WORD = re.compile(r"\w")


class LocalClassifier:
    """Keeps core.nlu.NluEngine. Thread-safe. Deterministic: the same data and embedder give the same model.

    >>> classifier = LocalClassifier.train(read_rasa_project(folder), embedder)
    >>> classifier.parse("where is my parcel?", deadline=1.0).intent
    'order_status'
    """

    name: EngineName = "local"

    def __init__(self, content: LocalModelFile, embedder: Embedder) -> None:
        self._content, self._embedder = content, embedder
        self._finder = EntityFinder(content.rules)
        self._responses = frozenset(content.responses)

    @classmethod
    def train(
        cls, data: NluData, embedder: Embedder, *, threads: int = 2, on_progress: Progress | None = None
    ) -> LocalClassifier:
        """threads: models fitted at once. on_progress: told the stage, what is done and of how much. Raises
        InvalidNluData for fewer than two intents, ModelUnavailable where the embedder is out of reach."""
        check_trainable(data, "the training data", least_messages=1)
        progress: Progress = on_progress or (lambda _stage, _done, _total: None)
        # In an order of its own, so that it does not matter which file a message stands in.
        messages = sorted(data.messages, key=lambda message: (message.intent, message.text))
        texts = [message.text for message in messages]
        outside = sorted(data.out_of_scope)
        vectors = embed_messages([*texts, *outside], embedder, progress)
        numbers = {intent: number for number, intent in enumerate(data.intents)}
        trained = train(
            Examples(tuple(texts), vectors[: len(texts)]),
            np.array([numbers[message.intent] for message in messages]),
            Examples(tuple(outside), vectors[len(texts) :]),
            threads=threads,
            on_progress=progress,
        )
        identity = embedder.identity
        responses = tuple(sorted(set(data.responses) & set(data.intents)))
        made_with = (identity.name, identity.fingerprint)
        rules = EntityRules.of(data)
        return cls(LocalModelFile(data.fingerprint, made_with, data.intents, responses, trained, rules), embedder)

    @classmethod
    def load(cls, path: Path, embedder: Embedder) -> LocalClassifier:
        """Raises NluUnavailable for a file that is missing, foreign, cut, altered or of another embedder or version."""
        return cls(read_local_model(path, embedder.identity), embedder)

    def save(self, path: Path) -> None:
        """Replaces `path` at once; its folder is made. Raises OSError."""
        write_local_model(self._content, path)

    @property
    def version(self) -> str:
        """Of data and embedder."""
        return f"local-{self._content.data_fingerprint[:12]}-{self._content.embedder[1][:6]}"

    @property
    def threshold(self) -> float:
        """Below it, a message is out of scope or not understood; found in training on messages kept back."""
        return self._content.trained.confidence.threshold

    @property
    def intents(self) -> tuple[str, ...]:
        """All that it knows, in alphabetical order."""
        return self._content.intents

    def parse(self, text: str, *, deadline: float) -> Understanding:
        """As NluEngine.parse. A message without a letter or digit is understood as nothing. Of a long one the first
        2,000 characters are read."""
        began = time.monotonic()
        read = readable(text)
        if not _WORD.search(read):
            return Understanding(None, 0.0, self.threshold, "local", seconds=time.monotonic() - began)
        if deadline <= 0:
            raise NluUnavailable(f"deadline={deadline!r}: more than 0 seconds are needed")
        try:
            vector = embed_message(read, self._embedder, ways=len(self._content.trained.model.centre))
        except ModelUnavailable as error:
            raise NluUnavailable(f"the local classifier's embedder: {error.message}") from error
        confidence, ranking = self._ranked(read, vector)
        entities = self._finder.find(read)
        seconds = time.monotonic() - began
        if seconds > deadline:
            raise NluUnavailable(
                f"the local classifier took {seconds:.2f} s, more than the {deadline:g} s it was given"
            )
        best = ranking[0].name
        response = best if best in self._responses else None
        return Understanding(
            best, confidence, self.threshold, "local", ranking, entities, response=response, seconds=seconds
        )

    def _ranked(self, text: str, vector: Matrix) -> tuple[float, tuple[RankedIntent, ...]]:
        """How sure the best intent is, and the best ten: the others share what is left of one, and none is surer."""
        trained = self._content.trained
        scores = trained.model.scores([text], vector)
        confidence = float(trained.confidence.of(scores.evidence(trained.influence))[0])
        chances = softmax(trained.sharpness * scores.by_intent(trained.influence))[0].astype(np.float64)
        order = np.argsort(-chances, kind="stable")[:RANKED]
        top = chances[order[0]]
        scale = min(confidence / top, (1 - confidence) / max(1 - top, 1e-9))
        ranked = [(place, confidence if place == order[0] else float(chances[place] * scale)) for place in order]
        return confidence, tuple(RankedIntent(self.intents[place], sure) for place, sure in ranked)
