"""Botpress v12 flows as ours: what carries over, and by node what does not and needs a person's hand.

The format is that of its `*.flow.json` files: `startNode`, `catchAll`, and nodes with `onEnter` (said at once),
`onReceive` (null where the node does not wait for the customer), `next` (tried in order) and, for a skill, `flow`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from components.core.errors import InvalidFlow
from components.dialogue.botpress_answers import asked_of_users
from components.dialogue.botpress_files import MOST_NODES, read_elements, read_flow_json
from components.dialogue.botpress_names import Names
from components.dialogue.botpress_nodes import Bot, FlowImport
from components.dialogue.botpress_skills import is_skill_flow
from components.dialogue.flow_writing import write_flow

MOST_FILES = 100


@dataclass(frozen=True)
class Leftover:
    """What needs a hand. node: of the flow it became; None: the flow as a whole."""

    flow: str
    node: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.flow}{f'.{self.node}' if self.node else ''}: {self.message}"


@dataclass(frozen=True)
class ImportedFlows:
    """files: our YAML by file name, with each leftover as a comment above its node."""

    files: Mapping[str, str]
    leftovers: tuple[Leftover, ...]


def import_botpress(
    files: Mapping[str, str], content: Mapping[str, str] | None = None, *, language: str = "en"
) -> ImportedFlows:
    """files: `*.flow.json` texts by path, those of skills among them. content: content-elements files, such as
    builtin_text.json. language: the translation that is taken.

    Raises InvalidFlow where a file is not what Botpress writes.
    """
    if len(files) > MOST_FILES:
        raise InvalidFlow(f"{len(files)} files: at most {MOST_FILES} are allowed", field="files")
    read = {file: read_flow_json(file, text) for file, text in files.items()}
    if twice := [name for name, times in Counter(map(Names.of_file, files)).items() if times > 1]:
        raise InvalidFlow(f"two files are called {twice[0]!r}: each name is allowed once", field="files")
    skills = {Names.of_file(file): value for file, value in read.items() if is_skill_flow(file, value)}
    own = {Names.of_file(file): value for file, value in read.items() if not is_skill_flow(file, value)}
    if not own:
        raise InvalidFlow("no flow among the files but those of skills: main.flow.json is needed", field="files")
    count = sum(len(value["nodes"]) for value in own.values())
    if count > MOST_NODES:
        raise InvalidFlow(f"{count} nodes in all: at most {MOST_NODES} are allowed", field="files")
    bot = Bot(own, skills, read_elements(content or {}, language), language, asked_of_users(own.values()))
    written: dict[str, str] = {}
    leftovers: list[Leftover] = []
    for name in own:
        imported = FlowImport(name, bot)
        flow = imported.flow()
        written[flow.file] = write_flow(flow, imported.leftovers)
        leftovers += [Leftover(flow.flow_id, None, message) for message in imported.of_flow]
        leftovers += [
            Leftover(flow.flow_id, node, message)
            for node, messages in imported.leftovers.items()
            for message in messages
        ]
    return ImportedFlows(written, tuple(leftovers))
