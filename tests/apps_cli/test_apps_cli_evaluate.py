"""`helpdesk evaluate retrieval` on a folder in BEIR's layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.apps_cli.conftest import Helpdesk

CORPUS = {
    "d1": "A kayak can be returned within 45 days of delivery.",
    "d2": "Shipping to Norway costs 80 euros and takes a week.",
    "d3": "The paddle has a warranty of five years.",
}
QUERIES = {"q1": "days to return a kayak", "q2": "shipping price Norway", "q3": "who won the football match yesterday"}
KEYS = {
    "ndcg_at_10",
    "recall_at_1",
    "recall_at_5",
    "recall_at_10",
    "mrr_at_10",
    "queries_per_second",
    "latency_ms_p50",
    "latency_ms_p95",
    "passages_per_second",
    "mode",
}


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    for name, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        lines = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in rows.items()]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    return tmp_path


@pytest.mark.parametrize("mode", ["hybrid", "vector", "bm25"])
def test_the_figures_come_under_the_documented_keys(helpdesk: Helpdesk, beir: Path, mode: str) -> None:
    done = helpdesk("evaluate", "retrieval", "--beir", str(beir), "--mode", mode, "--json")
    assert done.status == 0, done.err
    figures = done.value
    assert figures.keys() >= KEYS
    assert figures["mode"] == mode
    assert figures["ndcg_at_10"] == 1.0
    assert figures["answerability_auroc"] == 1.0


def test_a_damaged_set_names_file_and_line(helpdesk: Helpdesk, beir: Path) -> None:
    (beir / "queries.jsonl").write_text('{"_id": "q1", "text": "fine"}\n{broken\n')
    refused = helpdesk("evaluate", "retrieval", "--beir", str(beir))
    assert refused.status == 2
    assert "queries.jsonl, line 2" in refused.err
