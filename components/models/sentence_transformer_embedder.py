"""Any sentence-transformers model, by name or path: the way to a stronger model than the bundled one."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from components.core.embeddings import EmbeddedText, ModelIdentity
from components.core.errors import ModelUnavailable
from components.models.byte_spans import byte_spans
from components.models.length_limit import refuse_long
from components.models.token_batches import token_batches
from components.models.unit_vectors import unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_TOKENS = 4096
NO_LIMIT = 8192  # for a model that reads texts of any length, such as a static one
_FEATURES = ("sentence_embedding", "token_embeddings", "input_ids", "attention_mask")
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")


class SentenceTransformerEmbedder:
    """Keeps core's Embedder with the model's own prompts, pooling and limits, on torch.

    name: a model of the Hugging Face hub or a local folder. cache_dir: where hub models are kept.
    threads: torch's threads, which it holds once a process.
    Raises ModelUnavailable, saying what to do, where the model cannot be loaded.
    """

    def __init__(self, name: str, *, cache_dir: Path, threads: int) -> None:
        self._model = _load(name, cache_dir, threads)
        self._tokenizer: Any = self._model.tokenizer
        # Fast tokenizers refuse a second caller while their padding is being set.
        self._lock = Lock()
        # An unknown word is a word of the text.
        unknown = getattr(self._tokenizer, "unk_token_id", None)
        self._special = frozenset(getattr(self._tokenizer, "all_special_ids", ())) - {unknown}
        prompts = self._model.prompts
        self._query_prompt = prompts.get("query") or ""
        self._document_prompt = next((prompt for key in _DOCUMENT_PROMPTS if (prompt := prompts.get(key))), "")
        self._has_offsets = bool(getattr(self._tokenizer, "is_fast", False))
        sample = self._encode(["a"], [1], self._document_prompt, "document")[0]
        self._identity = ModelIdentity(
            name,
            _fingerprint(self._model),
            int(sample["sentence_embedding"][: self._model.truncate_dim].shape[-1]),
            self._max_tokens(),
            has_tokens=self._has_offsets and "token_embeddings" in sample,
        )

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character offsets of each token, special tokens left out, uncut; a model whose tokenizer
        keeps no offsets is counted by bytes, which is never too few."""
        if not self._has_offsets:
            return byte_spans(text)
        with self._lock:
            found = self._tokenizer(
                text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
            )
        return [(start, end) for start, end in found["offset_mapping"]]

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        """One EmbeddedText a text, in order. Raises InvalidInput for a text past max_tokens."""
        lengths = [len(self.token_spans(text)) for text in texts]
        refuse_long(lengths, max_tokens=self._identity.max_tokens, model=self._identity.name)
        features = self._encode(texts, lengths, self._document_prompt, "document")
        return [self._embedded(each, self._document_prompt) for each in features]

    def embed_query(self, text: str) -> EmbeddedText:
        """The question's vectors, under the model's query prompt; read up to max_tokens."""
        features = self._encode([text], [1], self._query_prompt, "query")
        return self._embedded(features[0], self._query_prompt)

    def _encode(self, texts: Sequence[str], lengths: Sequence[int], prompt: str, task: str) -> list[dict[str, Any]]:
        """What the model's modules gave each text: sentence_embedding, token_embeddings, input_ids, ...

        Not through encode(output_value=None): sentence-transformers 5.7 raises IndexError there on
        larger batches, because it indexes a string among the features by the text's position.
        """
        import torch
        from sentence_transformers.util import batch_to_device

        results: dict[int, dict[str, Any]] = {}
        with self._lock, torch.inference_mode():
            for batch in token_batches(lengths, budget=BATCH_TOKENS):
                features = self._model.preprocess([texts[position] for position in batch], prompt=prompt, task=task)
                out = self._model(batch_to_device(features, self._model.device), task=task)
                for row, position in enumerate(batch):
                    results[position] = {name: out[name][row] for name in _FEATURES if name in out}
        return [results[position] for position in range(len(texts))]

    def _embedded(self, features: dict[str, Any], prompt: str) -> EmbeddedText:
        name = self._identity.name
        pooled = features["sentence_embedding"][: self._model.truncate_dim].float().cpu().numpy()
        vector = unit_rows(pooled[None], model=name)[0]
        if not self._identity.has_tokens:
            return EmbeddedText(vector)
        with self._lock:
            ids = features["input_ids"][features["attention_mask"].bool()].tolist()
            pieces = self._tokenizer.convert_ids_to_tokens(ids)
        rows = features["token_embeddings"][features["attention_mask"].bool()].float().cpu().numpy()
        # The prompt steers the model; it is not part of the text.
        kept = [index for index, each in enumerate(ids) if each not in self._special][self._prompt_tokens(prompt) :]
        tokens = unit_rows(rows[kept].astype(np.float32), model=name)
        return EmbeddedText(vector, tokens, tuple(pieces[index] for index in kept))

    def _prompt_tokens(self, prompt: str) -> int:
        return len(self.token_spans(prompt)) if prompt else 0

    def _max_tokens(self) -> int:
        limit = self._model.max_seq_length
        if limit is None or limit > NO_LIMIT:
            return NO_LIMIT
        special = (
            self._tokenizer.num_special_tokens_to_add() if hasattr(self._tokenizer, "num_special_tokens_to_add") else 0
        )
        prompts = max(self._prompt_tokens(self._query_prompt), self._prompt_tokens(self._document_prompt))
        return int(limit) - special - prompts


def _load(name: str, cache_dir: Path, threads: int) -> SentenceTransformer:
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    try:
        model: SentenceTransformer = SentenceTransformer(name, cache_folder=str(cache_dir))
        return model
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelUnavailable(
            f"the sentence-transformers model {name!r} cannot be loaded ({' '.join(str(error).split())[:200]}); "
            "check its name, or where no model hub can be reached, copy the model's folder here and give its path, "
            "or use `bundled`"
        ) from error


def _fingerprint(model: SentenceTransformer) -> str:
    """sha256 over every weight's name and bytes: the same for a model wherever it was loaded from."""
    import torch

    digest = sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
