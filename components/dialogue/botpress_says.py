"""What a Botpress node says and does when it is entered: the words carry over, the code does not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from components.dialogue.botpress_conditions import text_template
from components.dialogue.botpress_files import MOST_BUTTONS, Element, element_of
from components.dialogue.botpress_shapes import shown

_SAY = re.compile(r"say\s+[#@]!?([\w-]+)\s*(\{.*\})?\s*", re.DOTALL)
_LONGEST_TEXT = 4000
_MOST_TEXTS = 20


@dataclass(frozen=True)
class Said:
    """One thing that is said. texts: ours, at least one."""

    texts: tuple[str, ...]
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Doings:
    """What becomes of a list of instructions. lost: what does not carry over, in words."""

    said: tuple[Said, ...]
    lost: tuple[str, ...]


def doings_of(
    instructions: Any, elements: Mapping[str, Element], language: str, asked: Set[str] = frozenset()
) -> Doings:
    """instructions: `onEnter` or `onReceive` of a node. asked: see `variable_of`."""
    said: list[Said] = []
    lost: list[str] = []
    for instruction in instructions if isinstance(instructions, list) else []:
        element = _element(instruction, elements, language)
        if isinstance(element, str):
            lost.append(element)
        else:
            found = said_of(element, lost, asked)
            said += [found] if found else []
    return Doings(tuple(said), tuple(lost))


def said_of(element: Element, lost: list[str], asked: Set[str] = frozenset()) -> Said | None:
    """What an element says in our templates, None where it has no words. lost: is added to. asked: see
    `variable_of`."""
    texts = []
    lost += element.lost
    if len(element.texts) > _MOST_TEXTS:
        lost.append(f"{len(element.texts) - _MOST_TEXTS} ways to say {element.texts[0][:40]!r}: {_MOST_TEXTS} are kept")
    for text in element.texts[:_MOST_TEXTS]:
        if len(text) > _LONGEST_TEXT:
            lost.append(f"of the text {text[:40]!r}, what follows {_LONGEST_TEXT} characters")
        made, gone = text_template(text[:_LONGEST_TEXT], asked)
        lost += [f"the placeholder {each} in the text {text[:40]!r}: write it as a variable of ours" for each in gone]
        texts += [made] if made.strip() else []
    if not texts:
        lost.append(f"a content element of the kind {element.kind!r}, which holds no text")
        return None
    titles = [title for _, title in element.choices]
    lost += [f"the button {title[:40]!r}: at most {MOST_BUTTONS} are kept" for title in titles[MOST_BUTTONS:]]
    buttons = [title[:100] for title in titles[:MOST_BUTTONS]]
    plain = tuple(title for title in buttons if not text_template(title)[1])
    lost += [f"the button {title[:40]!r}, which holds a placeholder" for title in buttons if title not in plain]
    return Said(tuple(texts), plain)


def content_id(instruction: str) -> str | None:
    """The element that a `say` instruction names."""
    found = _SAY.fullmatch(instruction.strip())
    return found[1] if found else None


def _element(instruction: Any, elements: Mapping[str, Element], language: str) -> Element | str:
    """The element that is said, or what is lost."""
    if isinstance(instruction, dict) and instruction.get("type") == "say":
        return _of_mapping(instruction, elements, language)
    if not isinstance(instruction, str):
        return f"the instruction {shown(instruction)}"
    found = _SAY.fullmatch(instruction.strip())
    if not found:
        return f"the action {shown(instruction)}: code does not carry over; a tool or workflow node can take its place"
    if found[1] in elements:
        return elements[found[1]]
    form = _form(found[2])
    if any(key == "text" or key.startswith("text$") for key in form):
        return element_of(found[1], form, language)
    return f"the content {found[1]!r}: no content file holds it (--content)"


def _of_mapping(instruction: Mapping[str, Any], elements: Mapping[str, Element], language: str) -> Element | str:
    content = instruction.get("content", instruction.get("args", instruction))
    if isinstance(content, str):
        name = content.lstrip("#!@")
        return elements.get(name, f"the content {name!r}: no content file holds it (--content)")
    if isinstance(content, dict):
        form = content.get("formData", content)
        return element_of(str(content.get("contentType", "builtin_text")), form, language)
    return f"the instruction {shown(instruction)}"


def _form(written: str | None) -> dict[str, Any]:
    try:
        form = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return {}
    return form if isinstance(form, dict) else {}
