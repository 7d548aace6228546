"""Writes the small part of tau2-bench's retail domain that comes with the project:
`python -m tests.tools.retail.write_cut FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.tools.retail.retail_data import CUT, Retail, Task, read_all
from tests.tools.retail.retail_expected import user_of

# An exchange; another payment; a cancellation and an address; items with a gift card; a call that the policy forbids.
TASKS = ("0", "40", "59", "64", "111")
# A customer of none of these tasks, for what must be refused.
STRANGER = "james_li_5688"


def cut(retail: Retail, task_ids: tuple[str, ...]) -> dict[str, Any]:
    tasks = [task for task in retail.tasks if task.task_id in task_ids]
    users = {user_of(retail.database, task) for task in tasks} - {None} | {STRANGER}
    every = retail.database
    orders = {key: each for key, each in every["orders"].items() if each["user_id"] in users}
    products = {item["product_id"] for order in orders.values() for item in order["items"]}
    named = (action.arguments.get("product_id") for task in tasks for action in task.actions)
    products |= {each for each in named if each in every["products"]}
    return {
        "source": "tau2-bench, domain retail, MIT licence; a part of it",
        "database": {
            "users": {key: each for key, each in every["users"].items() if key in users},
            "orders": orders,
            "products": {key: every["products"][key] for key in sorted(products)},
        },
        "tasks": [_told(task) for task in tasks],
    }


def _told(task: Task) -> dict[str, Any]:
    actions = [{"name": each.name, "arguments": dict(each.arguments)} for each in task.actions]
    return {"id": task.task_id, "actions": actions}


if __name__ == "__main__":
    kept = cut(read_all(Path(sys.argv[1])), TASKS)
    CUT.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
