"""An OpenAI-compatible embeddings endpoint as embedder, for tenants whose model runs elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from components.core.embeddings import EmbeddedText, Matrix, ModelIdentity
from components.core.errors import ModelUnavailable
from components.models.byte_spans import byte_spans
from components.models.embeddings_endpoint import EmbeddingsEndpoint
from components.models.length_limit import refuse_long
from components.models.unit_vectors import unit_rows

BATCH_TEXTS = 64
_PROBE = "dimension probe"


class OpenAIEmbedder:
    """Keeps core's Embedder; pooled vectors only, so late interaction does without it.

    model: the endpoint's model id, which is also the fingerprint. max_tokens: what the model reads.
    dimensions: of its vectors; None asks the endpoint once, when the identity is first wanted.
    """

    def __init__(
        self, endpoint: EmbeddingsEndpoint, *, model: str, max_tokens: int = 8191, dimensions: int | None = None
    ) -> None:
        self._endpoint, self._model, self._max_tokens = endpoint, model, max_tokens
        self._dimensions = dimensions
        self._lock = Lock()

    @property
    def identity(self) -> ModelIdentity:
        """Raises ModelUnavailable where the dimension must be asked for and nobody answers."""
        with self._lock:
            if self._dimensions is None:
                self._dimensions = int(self._endpoint.vectors([_PROBE]).shape[1])
        return ModelIdentity(f"openai:{self._model}", self._model, self._dimensions, self._max_tokens, has_tokens=False)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """One span a byte (see byte_spans): the endpoint's own tokenizer is not known here."""
        return byte_spans(text)

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        """One EmbeddedText a text, in order, 64 texts a call. Raises InvalidInput for a text past
        max_tokens, ModelUnavailable where the endpoint fails."""
        lengths = [len(text.encode("utf-8", "surrogatepass")) for text in texts]
        refuse_long(lengths, max_tokens=self._max_tokens, model=f"openai:{self._model}")
        embedded = []
        for start in range(0, len(texts), BATCH_TEXTS):
            # The protocol refuses an empty string; a space stands for nothing as well.
            batch = [text or " " for text in texts[start : start + BATCH_TEXTS]]
            embedded += [EmbeddedText(vector) for vector in self._vectors(batch)]
        return embedded

    def embed_query(self, text: str) -> EmbeddedText:
        """The question's vector; a question past max_tokens bytes is read up to there."""
        cut = text.encode("utf-8", "surrogatepass")[: self._max_tokens].decode("utf-8", "ignore")
        return EmbeddedText(self._vectors([cut or " "])[0])

    def _vectors(self, texts: list[str]) -> Matrix:
        expected = self.identity.dimensions
        rows = self._endpoint.vectors(texts)
        if rows.shape[1] != expected:
            raise ModelUnavailable(
                f"the embeddings endpoint gave {rows.shape[1]} dimensions for {self._model!r}, before: {expected}; "
                "it serves another model now"
            )
        return unit_rows(rows, model=f"openai:{self._model}")
