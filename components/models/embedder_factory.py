"""From the setting `embedder` to the embedder it names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from components.core.embeddings import Embedder
from components.core.errors import InvalidSetting
from components.core.settings import Settings

_ALLOWED = "`bundled`, `openai:<model>`, a sentence-transformers name (`owner/model`) or a model's folder"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def load_embedder(
    name: str,
    *,
    cache_dir: Path,
    threads: int,
    embeddings_url: str | None = None,
    embeddings_api_key: str | None = None,
    deadline: float = 20.0,
) -> Embedder:
    """The embedder that `name` asks for, ready to use.

    cache_dir: where models from a hub are kept. threads: of one call. deadline: seconds of one call
    to an endpoint. Raises InvalidSetting for a name, address or number that is not allowed, and
    ModelUnavailable where the model cannot be loaded.

    >>> load_embedder("bundled", cache_dir=Path("models"), threads=2).identity.dimensions
    384
    """
    if threads < 1:
        raise InvalidSetting(f"threads={threads!r}: at least 1 is allowed", field="threads")
    if name == "bundled":
        from components.models.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(threads=threads)
    if name.startswith("openai:"):
        return _openai(name.removeprefix("openai:"), embeddings_url, embeddings_api_key, deadline)
    folder = Path(name).expanduser()
    if not name or (not folder.is_dir() and not _HUB_NAME.fullmatch(name)):
        raise InvalidSetting(
            f"embedder={name!r} is neither a folder that exists nor a name; allowed: {_ALLOWED}", field="embedder"
        )
    from components.models.sentence_transformer_embedder import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(str(folder) if folder.is_dir() else name, cache_dir=cache_dir, threads=threads)


def _openai(model: str, url: str | None, api_key: str | None, deadline: float) -> Embedder:
    if not model.strip():
        raise InvalidSetting(f"embedder='openai:{model}' names no model; allowed: {_ALLOWED}", field="embedder")
    if not url:
        raise InvalidSetting(
            f"embedder='openai:{model}' needs embeddings_url, which is not set", field="embeddings_url"
        )
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidSetting(
            f"embeddings_url={url!r}: an http:// or https:// address is allowed", field="embeddings_url"
        )
    if deadline <= 0:
        raise InvalidSetting(f"deadline={deadline!r}: more than 0 seconds is allowed", field="deadline")
    from components.models.embeddings_endpoint import EmbeddingsEndpoint
    from components.models.openai_embedder import OpenAIEmbedder

    return OpenAIEmbedder(EmbeddingsEndpoint(url=url, model=model, api_key=api_key, deadline=deadline), model=model)


def embedder_from_settings(settings: Settings) -> Embedder:
    """The embedder that the settings ask for; raises as `load_embedder` does."""
    key = settings.embeddings_api_key
    return load_embedder(
        settings.embedder,
        cache_dir=settings.data_dir / "models",
        threads=settings.threads,
        embeddings_url=settings.embeddings_url,
        embeddings_api_key=key.get_secret_value() if key else None,
    )
