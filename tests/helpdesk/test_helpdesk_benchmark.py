"""A BEIR folder is measured through the same path as a tenant's knowledge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, evaluation_folder

from components.bootstrap import Workbench
from components.core.errors import InvalidEvaluationSet, InvalidInput
from components.helpdesk.evaluation.benchmark import BenchmarkReport, evaluate_beir

DOCUMENTS = {"returns": RETURNS, "shipping": SHIPPING, "warranty": WARRANTY}


def measure(workbench: Workbench, folder: Path, progress: list[str] | None = None) -> BenchmarkReport:
    return evaluate_beir(
        folder,
        workbench.embedder,
        mode="hybrid",
        pipeline="hybrid",
        top_k=10,
        chunk_tokens=500,
        chunk_overlap=32,
        on_progress=lambda stage, done, total: None if progress is None else progress.append(stage),
    )


def test_a_small_set_is_measured_whole(workbench: Workbench, tmp_path: Path) -> None:
    folder = evaluation_folder(tmp_path, {NORWAY: "shipping", "How long is the warranty?": "warranty", "Pianos?": None})
    lines = [json.dumps({"_id": name, "title": name, "text": text}) for name, text in DOCUMENTS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(lines))
    progress: list[str] = []
    report = measure(workbench, folder, progress)
    assert (report.documents, report.passages, report.queries) == (3, 3, 2)
    assert (report.ndcg_at_10, report.recall_at_1, report.mrr_at_10) == (1, 1, 1)
    assert report.answerability_auroc == 1
    assert report.latency_ms_p50 <= report.latency_ms_p95
    assert min(report.queries_per_second, report.passages_per_second) > 0
    assert set(progress) == {"embedding passages", "asking questions"}


def test_what_is_wrong_with_the_folder_is_said(workbench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such folder"):
        measure(workbench, tmp_path / "nowhere")
    with pytest.raises(InvalidEvaluationSet, match=r"queries\.jsonl"):
        measure(workbench, tmp_path)
