"""Every benchmark, one after the other: `make benchmarks` (some minutes; each also runs alone)."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "bench_start",
    "bench_embeddings",
    "bench_answers",
    "bench_vectors",
    "bench_retrieval",
    "bench_cached_answer",
    "bench_gateway",
    "bench_grounding",
    "bench_generation",
    "bench_nlu",
    "bench_turns",
    "bench_tools",
    "bench_retail",
    "bench_workflows",
    "bench_analytics",
)


def main() -> None:
    for name in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
