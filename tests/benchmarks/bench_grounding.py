"""How often grounding is wrong about a sentence: `python -m tests.benchmarks.bench_grounding`.

`labelled_grounding.jsonl` holds sentences written by hand about passages of the demo articles, each labelled by its
writer as supported or not. The passages' documents are split in two halves by a hash of their names: the weights of
`components/retrieval/grounding/support.py` and the wordings of its rules come from the development half, the other
half is held out. A sentence is judged against the passages it cites; the second table lets it cite nothing, among six
passages; the third puts answers of three sentences together and counts what becomes of them.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from zlib import crc32

import numpy as np
from rich.console import Console
from rich.table import Table

from components.core.answers import Passage
from components.core.embeddings import EmbeddedText, Embedder, ModelIdentity
from components.models.embedder_factory import load_embedder
from components.retrieval.grounding.draft import Draft
from components.retrieval.grounding.grounder import Grounder

LABELS = Path(__file__).parent / "labelled_grounding.jsonl"
HALVES = ("development", "held out")
SHOWN = 6
ANSWERS = 150
TIMED_EVERY = 12


@dataclass(frozen=True)
class Row:
    """A sentence about `passages`. kind: what its writer did to the passages' words."""

    passages: tuple[Passage, ...]
    sentence: str
    supported: bool
    kind: str

    @property
    def half(self) -> str:
        return HALVES[crc32(self.passages[0].document_id.encode()) % 2]


@dataclass(frozen=True)
class Judged:
    """What grounding makes of a row."""

    row: Row
    supported: bool
    contradicted: bool
    support: float
    milliseconds: float

    @property
    def wrong(self) -> bool:
        return self.supported != self.row.supported


class Remembering:
    """Keeps Embedder around another one and embeds no text twice, since the rows share their passages."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, EmbeddedText] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._embedder.identity

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return self._embedder.token_spans(text)

    def embed_query(self, text: str) -> EmbeddedText:
        return self._embedder.embed_query(text)

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embedder.embed_passages(new) if new else [], strict=True))
        return [self._known[text] for text in texts]


def read_rows() -> list[Row]:
    rows = []
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        passages = tuple(
            Passage(f"{each['document']}#{each['section']}#{each['text'][:40]}", each["document"], each["title"],
                    each["section"], each["text"], 1.0)
            for each in row["passages"]
        )  # fmt: skip
        rows.append(Row(passages, row["sentence"], row["label"] == "supported", row["kind"]))
    return rows


def judge(rows: Sequence[Row], embedder: Embedder, others: Sequence[Passage] = ()) -> list[Judged]:
    """others: passages to show besides the row's own, up to SHOWN, and then the sentence cites nothing."""
    grounder = Grounder(embedder)
    judged = []
    for row in rows:
        pick = random.Random(row.sentence)
        strangers = [each for each in others if each.document_id not in {own.document_id for own in row.passages}]
        shown = [*row.passages, *pick.sample(strangers, SHOWN - len(row.passages))] if others else list(row.passages)
        marks = "" if others else "".join(f"[{number}]" for number in range(1, len(shown) + 1))
        grounding = grounder.begin("", shown)
        started = perf_counter()
        checked = grounding.check(f"{row.sentence} {marks}".strip())
        took = 1000 * (perf_counter() - started)
        judged.append(Judged(row, checked.supported, checked.contradicted, checked.support, took))
    return judged


def table(title: str, judged: Sequence[Judged]) -> Table:
    made = Table(title=title)
    for head in ("half", "kind", "label", "rows", "wrong", "error"):
        made.add_column(head, justify="right" if head in ("rows", "wrong", "error") else "left")
    for half in HALVES:
        own = [each for each in judged if each.row.half == half]
        for kind in dict.fromkeys(each.row.kind for each in judged):
            its = [each for each in own if each.row.kind == kind]
            if its:
                label = "supported" if its[0].row.supported else "unsupported"
                made.add_row(half, kind, label, str(len(its)), str(_wrong(its)), f"{_wrong(its) / len(its):.3f}")
        flagged = [each for each in own if not each.supported]
        bad = [each for each in own if not each.row.supported]
        right = sum(not each.row.supported for each in flagged)
        made.add_row(half, "all", "", str(len(own)), str(_wrong(own)), f"{_wrong(own) / len(own):.3f}")
        made.add_row(
            half,
            "unsupported",
            f"precision {right / len(flagged):.3f}, recall {right / len(bad):.3f}, F1 "
            f"{2 * right / (len(flagged) + len(bad)):.3f}",
            end_section=True,
        )
    return made


def answers(rows: Sequence[Row], embedder: Embedder) -> Table:
    """Three sentences about one passage make an answer: all supported, or one of them not."""
    made = Table(title=f"Answers of three sentences, {ANSWERS} each")
    for head in ("half", "answer", "whole", "one left out", "quoted instead", "with the bad one shown"):
        made.add_column(head, justify="left" if head in ("half", "answer") else "right")
    grounder = Grounder(embedder)
    for half in HALVES:
        by_passage: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            if row.half == half and row.kind != "pleasantry":
                by_passage.setdefault(tuple(each.chunk_id for each in row.passages), []).append(row)
        for bad in (0, 1):
            pick = random.Random(7)
            counts = dict.fromkeys(("whole", "less", "quoted", "shown"), 0)
            fit = [
                its
                for its in by_passage.values()
                if sum(row.supported for row in its) >= 3 and any(not row.supported for row in its)
            ]
            for _ in range(ANSWERS):
                its = pick.choice(fit)
                true = pick.sample([row for row in its if row.supported], 3 - bad)
                false = pick.sample([row for row in its if not row.supported], bad)
                said = pick.sample([*true, *false], 3)
                draft = Draft(grounder.begin("", its[0].passages))
                for row in said:
                    if not draft.is_broken:
                        draft.add(f" {row.sentence} [1]")
                if draft.verdict() is not None:
                    counts["quoted"] += 1
                else:
                    counts["whole" if all(each.supported for each in draft.sentences) else "less"] += 1
                    counts["shown"] += any(row.sentence.rstrip(".") in draft.text for row in false)
            made.add_row(
                half, "one is unsupported" if bad else "all supported", *(f"{n / ANSWERS:.2f}" for n in counts.values())
            )
    return made


def _wrong(judged: Sequence[Judged]) -> int:
    return sum(each.wrong for each in judged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "helpdesk-bench-answers")
    parser.add_argument("--show", choices=HALVES, help="print this half's wrong judgements as well")
    arguments = parser.parse_args()
    fresh = load_embedder("bundled", cache_dir=arguments.cache, threads=2)
    embedder = Remembering(fresh)
    rows = read_rows()
    cited = judge(rows, embedder)
    every = list({passage.chunk_id: passage for row in rows for passage in row.passages}.values())
    uncited = judge([row for row in rows if row.kind != "other article"], embedder, every)
    console = Console(width=120, markup=False, highlight=False)
    for each in cited:
        if each.wrong and each.row.half == arguments.show:
            console.print(f"{each.support:.2f} {each.row.kind}: {each.row.sentence}")
    console.print(table("Held against the passages it cites", cited))
    console.print(table(f"Citing nothing, among {SHOWN} passages", uncited))
    console.print(answers(rows, embedder))
    for name, others in (("cited", ()), (f"citing nothing, among {SHOWN}", every)):
        milliseconds = [each.milliseconds for each in judge(rows[::TIMED_EVERY], fresh, others)]
        console.print(
            f"{name}: ms for the first sentence of an answer, its passages being embedded with it: "
            f"p50 {np.percentile(milliseconds, 50):.0f}, p95 {np.percentile(milliseconds, 95):.0f}"
        )


if __name__ == "__main__":
    main()
