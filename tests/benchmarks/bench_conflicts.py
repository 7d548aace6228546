"""How many planted contradictions are found in the demo tenants' knowledge, and how much else: `… bench_conflicts`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from components.core.documents import Chunk, Document
from components.core.embeddings import Embedder
from components.core.settings import load_settings
from components.helpdesk.reports.knowledge.conflict_search import NEIGHBOURS
from components.helpdesk.reports.knowledge.contradiction import Contradiction, contradictions
from components.helpdesk.reports.knowledge.statements import Rarity
from components.knowledge.chunking import chunk
from components.knowledge.folder_source import FolderSource
from components.knowledge.parsing import parse

FILE = Path(__file__).with_name("planted_conflicts.jsonl")
HELD_OUT = 16
DEMO = Path(__file__).parents[2] / "deploy" / "demo"


@dataclass(frozen=True)
class Planted:
    """A short article of its own. about: the article that it speaks of. conflict: whether it contradicts that one, else
    it says the same in other words. seen: whether it was looked at while the rules were made."""

    tenant: str
    title: str
    text: str
    about: str
    conflict: bool
    seen: bool

    @property
    def document(self) -> Document:
        name = f"planted/{self.title.lower().replace(' ', '-')}.md"
        return Document(name, "planted", self.title, f"# {self.title}\n\n{self.text}\n", self.title)


def load_planted() -> list[Planted]:
    """The last lines were written once the rules stood."""
    lines = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    return [Planted(**line, seen=number < len(lines) - HELD_OUT) for number, line in enumerate(lines)]


def cut(documents: Iterable[Document], embedder: Embedder) -> list[Chunk]:
    most = embedder.identity.max_tokens
    return [
        piece
        for document in documents
        for piece in chunk(document, token_spans=embedder.token_spans, max_tokens=most, overlap=32)
    ]


def find(chunks: list[Chunk], embedder: Embedder) -> list[tuple[Chunk, Chunk, Contradiction]]:
    """As look_for_conflicts does it, without its tables."""
    vectors = np.array([each.vector for each in embedder.embed_passages([piece.embedding_text for piece in chunks])])
    near = np.argsort(-(vectors @ vectors.T), axis=1)
    pairs = {}
    for own, order in enumerate(near):
        others = [other for other in order if chunks[other].document_id != chunks[own].document_id][:NEIGHBOURS]
        pairs.update({tuple(sorted((own, int(other)))): None for other in others})
    texts = [(chunks[one].text, chunks[other].text) for one, other in pairs]
    started = perf_counter()
    found = contradictions(texts, Rarity(piece.text for piece in chunks), embedder)
    print(f"{len(texts)} pairs of passages compared in {perf_counter() - started:.1f} s")
    places = list(pairs)
    return [(chunks[places[place][0]], chunks[places[place][1]], each) for place, each in found]


def main() -> None:
    from components.models.embedder_factory import embedder_from_settings

    embedder = embedder_from_settings(load_settings())
    planted = load_planted()
    right: set[str] = set()
    wrong = []
    for tenant in ("northtrail", "cumulo"):
        own = {each.document.document_id: each for each in planted if each.tenant == tenant}
        articles = [parse(raw) for raw in FolderSource("help", DEMO / tenant / "knowledge").snapshot().documents]
        for one, other, found in find(cut([*articles, *(each.document for each in own.values())], embedder), embedder):
            ids = {one.document_id, other.document_id}
            hit = [key for key, each in own.items() if each.conflict and {key, each.about} == ids]
            right.update(hit)
            if not hit:
                wrong.append((one.document_id, other.document_id, found))
    for name, half in (("seen while the rules were made", True), ("held out", False)):
        there = [each for each in planted if each.conflict and each.seen == half]
        count = sum(each.document.document_id in right for each in there)
        print(f"{name}: {count} of {len(there)} contradictions found")
    print(f"reported besides: {len(wrong)}; right of all reported: {len(right) / (len(right) + len(wrong)):.0%}")
    for first, second, found in wrong:
        print(f"  {first} / {second}: {found.why}\n    {found.first.text}\n    {found.second.text}")
    missed = [each for each in planted if each.conflict and each.document.document_id not in right]
    print("missed: " + "; ".join(each.text for each in missed))


if __name__ == "__main__":
    main()
