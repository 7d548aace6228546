"""Writes clinc150, banking77 and sofmattress as the CSV files that `helpdesk evaluate nlu` reads:
`python -m tests.benchmarks.nlu_sets DATA_FOLDER OUT_FOLDER`."""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

OUT_OF_SCOPE = "oos"
Row = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with clinc150, banking77 and hint3_sofmattress")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3, help="ways to hold out a fifth of banking77")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_clinc150(arguments.data / "clinc150", arguments.out)
    for seed in range(arguments.seeds):
        write_banking77(arguments.data / "banking77", arguments.out, seed)
    for part in ("train", "test"):
        rows = read_csv(arguments.data / "hint3_sofmattress" / f"{part}.csv")
        write_csv(arguments.out / f"sofmattress_{part}.csv", rows)


def write_clinc150(folder: Path, out: Path) -> None:
    """clinc_train has the out-of-scope examples of the training part, clinc_train_blind has none of them."""
    parts: dict[str, list[Row]] = {
        name: [(text, label) for text, label in rows]
        for name, rows in json.loads((folder / "data_full.json").read_text(encoding="utf-8")).items()
    }
    write_csv(out / "clinc_train.csv", parts["train"] + parts["oos_train"])
    write_csv(out / "clinc_train_blind.csv", parts["train"])
    write_csv(out / "clinc_test.csv", parts["test"] + parts["oos_test"])


def write_banking77(folder: Path, out: Path, seed: int) -> None:
    """A stratified fifth of the training part is held out."""
    by_intent: dict[str, list[Row]] = defaultdict(list)
    for row in read_csv(folder / "train.csv"):
        by_intent[row[1]].append(row)
    chance = random.Random(seed)
    train: list[Row] = []
    test: list[Row] = []
    for rows in by_intent.values():
        chance.shuffle(rows)
        held_out = round(len(rows) / 5)
        test += rows[:held_out]
        train += rows[held_out:]
    write_csv(out / f"banking_{seed}_train.csv", train)
    write_csv(out / f"banking_{seed}_test.csv", test)


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[0], row[1]) for row in list(csv.reader(file))[1:]]


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
