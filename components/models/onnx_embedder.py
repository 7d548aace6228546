"""The `bundled` embedder: all-MiniLM-L6-v2 on onnxruntime, ready in under a second and without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import EmbeddedText, ModelIdentity
from components.core.errors import ModelUnavailable
from components.models.bundled_weights import CheckedWeights, bundled_weights
from components.models.length_limit import refuse_long
from components.models.onnx_graph import DIMENSIONS, bert_graph
from components.models.token_batches import token_batches
from components.models.unit_vectors import unit_rows

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

MAX_TOKENS = 254  # the model reads 256, two of them special
# Small batches keep a layer's activations in a core's cache: 256 and 512 did alike, from 1024 up it was slower.
BATCH_TOKENS = 512
# The first numbers of a known text's vector, from sentence-transformers 5.7 on the same weights.
_KNOWN_TEXT = "How do I return a tent?"
_KNOWN_VECTOR = (0.06629, 0.10969, 0.00501, 0.06214, 0.09268, 0.01459, 0.02403, -0.06679)


class OnnxEmbedder:
    """Keeps core's Embedder. Same vectors as sentence-transformers to within 1e-4.

    threads: cores that one call works on.
    Raises ModelUnavailable where the weights are absent or altered, or the runtime computes them wrongly.
    """

    def __init__(self, *, threads: int, weights: CheckedWeights | None = None, name: str = "bundled") -> None:
        weights = weights or bundled_weights()
        self._identity = ModelIdentity(name, weights.fingerprint, DIMENSIONS, MAX_TOKENS, has_tokens=True)
        self._tokenizer = _tokenizer(weights)
        self._session = _session(weights, threads)
        self._check_known_vector()

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character offsets of each wordpiece of `text`, special tokens left out, uncut."""
        return [(start, end) for start, end in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        """One EmbeddedText a text, in order. Its token vectors take 1.5 kB a token: give it hundreds
        of texts, not an archive. Raises InvalidInput for a text past 254 tokens."""
        encodings = [self._tokenizer.encode(text) for text in texts]
        refuse_long([len(each.ids) - 2 for each in encodings], max_tokens=MAX_TOKENS, model=self._identity.name)
        ids = [each.ids for each in encodings]
        batches = token_batches([len(each) for each in ids], budget=BATCH_TOKENS)
        embedded: list[EmbeddedText | None] = [None] * len(ids)
        for batch in batches:
            states = self._hidden_states([ids[position] for position in batch])
            for position, state in zip(batch, states, strict=True):
                embedded[position] = self._embedded(state, encodings[position].tokens)
        return [each for each in embedded if each is not None]

    def embed_query(self, text: str) -> EmbeddedText:
        """The question's vectors; one past 254 tokens is read up to there."""
        encoding: Encoding = self._tokenizer.encode(text)
        encoding.truncate(MAX_TOKENS + 2)
        ids, tokens = list(encoding.ids), list(encoding.tokens)
        # Truncation takes the closing special token away with the rest.
        ids[-1], tokens[-1] = self._tokenizer.token_to_id("[SEP]"), "[SEP]"
        return self._embedded(self._hidden_states([ids])[0], tokens)

    def _hidden_states(self, rows: list[list[int]]) -> list[NDArray[np.float32]]:
        """The encoder's last layer of each row of token ids, padding left out: (n_tokens, 384) each."""
        longest = max(map(len, rows))
        ids, mask = np.zeros((len(rows), longest), np.int64), np.zeros((len(rows), longest), np.int32)
        for index, row in enumerate(rows):
            ids[index, : len(row)], mask[index, : len(row)] = row, 1
        hidden = self._session.run(["hidden"], {"ids": ids, "mask": mask})[0]
        return [hidden[index, : len(row)] for index, row in enumerate(rows)]

    def _embedded(self, state: NDArray[np.float32], pieces: list[str]) -> EmbeddedText:
        # Special tokens count in the mean: that is how the model was trained.
        vector = unit_rows(state.mean(axis=0, keepdims=True), model=self._identity.name)[0]
        return EmbeddedText(vector, unit_rows(state[1:-1], model=self._identity.name), tuple(pieces[1:-1]))

    def _check_known_vector(self) -> None:
        found = self.embed_query(_KNOWN_TEXT).vector[: len(_KNOWN_VECTOR)]
        if not np.allclose(found, _KNOWN_VECTOR, atol=1e-3):
            raise ModelUnavailable(
                f"onnxruntime computes {found.round(4).tolist()} for a text whose vector begins {list(_KNOWN_VECTOR)}: "
                "this onnxruntime build does not fit this machine; install the locked version"
            )


def _tokenizer(weights: CheckedWeights) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights.tokenizer))
    # The file asks for a cut at 128 tokens and padding to 128.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _session(weights: CheckedWeights, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Threads within a call rather than a call a thread: a question waits 3.8 instead of 5.9 ms on two cores,
    # and passages lose 8 % of their speed.
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    # Idle threads would spin, and take from others on a machine that answers many at once: 15 instead of 8 ms of CPU
    # a question.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights.path.parent))
    return onnxruntime.InferenceSession(bert_graph(weights), options, providers=["CPUExecutionProvider"])
