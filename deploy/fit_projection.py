"""Makes the token projection that ships for the bundled embedder, from both demo tenants' knowledge:
`python deploy/fit_projection.py`. An index that begins with too little text of its own uses it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from components.knowledge.chunking import chunk
from components.knowledge.folder_source import FolderSource
from components.knowledge.parsing import parse
from components.models.embedder_factory import load_embedder
from components.vectors.token_codec import PROJECTIONS, TokenCodec, content_rows

DEMO = Path(__file__).resolve().parent / "demo"


def main() -> None:
    embedder = load_embedder("bundled", cache_dir=Path(tempfile.gettempdir()), threads=2)
    texts = [
        piece.embedding_text
        for folder in sorted(DEMO.glob("*/knowledge"))
        for raw in FolderSource("help", folder).snapshot().documents
        for piece in chunk(
            parse(raw), token_spans=embedder.token_spans, max_tokens=embedder.identity.max_tokens, overlap=32
        )
    ]
    rows = [
        content_rows(embedded.tokens, embedded.pieces)
        for embedded in embedder.embed_passages(texts)
        if embedded.tokens is not None
    ]
    codec = TokenCodec.fit(np.concatenate(rows))
    PROJECTIONS.mkdir(exist_ok=True)
    np.save(PROJECTIONS / f"{embedder.identity.fingerprint}.npy", codec.projection.astype("<f2"), allow_pickle=False)
    print(f"{sum(map(len, rows))} tokens of {len(texts)} passages")


if __name__ == "__main__":
    main()
