"""Writes each demo tenant's articles as BEIR's corpus.jsonl: `python deploy/demo/write_corpus.py`. With it
`helpdesk evaluate retrieval --beir deploy/demo/<tenant>/evaluation`, and any other BEIR tool, reads the set."""

from __future__ import annotations

import json
from pathlib import Path

from components.knowledge.folder_source import FolderSource
from components.knowledge.parsing import parse

DEMO = Path(__file__).resolve().parent


def corpus(tenant: Path) -> str:
    """A JSON line an article: `_id` as the index has it, title, and its text in Markdown."""
    articles = [parse(raw) for raw in FolderSource("help", tenant / "knowledge").snapshot().documents]
    rows = [{"_id": article.document_id, "title": article.title, "text": article.markdown} for article in articles]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in sorted(rows, key=lambda row: row["_id"]))


def main() -> None:
    for knowledge in sorted(DEMO.glob("*/knowledge")):
        target = knowledge.parent / "evaluation" / "corpus.jsonl"
        target.write_text(corpus(knowledge.parent), encoding="utf-8")
        print(target)


if __name__ == "__main__":
    main()
