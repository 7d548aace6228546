"""How well unanswered questions are grouped: `python -m tests.benchmarks.bench_gaps LABELLED.csv` (text, label), mixed
with the demo tenants' questions, each of which asks for something of its own."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

from components.core.settings import load_settings
from components.helpdesk.reports.knowledge.gap_clusters import cluster

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
TOPICS, ALONE, SIZES = 20, 80, (3, 5, 8, 12)
Question = tuple[str, str]


def mixed(file: Path, seed: int) -> list[Question]:
    """Twenty labels with 3 to 12 questions each, and 80 that are like no other."""
    chance = random.Random(seed)
    by_label: dict[str, list[str]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as lines:
        for text, label in csv.reader(lines):
            by_label[label].append(text)
    enough = sorted(label for label, texts in by_label.items() if len(texts) >= max(SIZES))
    chosen = [
        (text, label)
        for label in chance.sample(enough, TOPICS)
        for text in chance.sample(by_label[label], chance.choice(SIZES))
    ]
    files = [DEMO / tenant / "evaluation" / "queries.jsonl" for tenant in ("northtrail", "cumulo")]
    single = [json.loads(line)["text"] for each in files for line in each.read_text("utf-8").splitlines()]
    return chosen + [(text, f"alone {number}") for number, text in enumerate(chance.sample(single, ALONE))]


def main() -> None:
    from components.models.embedder_factory import embedder_from_settings

    embedder = embedder_from_settings(load_settings())
    for name in sys.argv[1:]:
        for seed in (1, 2, 3):
            questions = mixed(Path(name), seed)
            groups: dict[int, list[str]] = defaultdict(list)
            for group, (_, label) in zip(
                cluster([embedder.embed_query(text).vector for text, _ in questions]), questions, strict=True
            ):
                groups[int(group)].append(label)
            topics = [labels for labels in groups.values() if len(labels) > 1]
            told = sum(map(len, topics))
            pure = sum(max(Counter(labels).values()) for labels in topics)
            asked = sum(not label.startswith("alone") for _, label in questions)
            found = sum(not label.startswith("alone") for labels in topics for label in labels)
            print(
                f"{Path(name).parent.name}, {seed}: {len(topics)} topics of {TOPICS}, purity {pure / told:.2f}, "
                f"{found / asked:.0%} of the repeated questions are in one, and {told - found} of {ALONE} single ones"
            )


if __name__ == "__main__":
    main()
