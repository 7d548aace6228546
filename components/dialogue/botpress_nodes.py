"""The nodes of one Botpress flow made into ours, one after the other, with a note of everything that is left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.dialogue.botpress_answers import Kept, asking, kept_answer
from components.dialogue.botpress_conditions import translated, variable_name
from components.dialogue.botpress_files import Element
from components.dialogue.botpress_names import Names
from components.dialogue.botpress_says import Said, doings_of, said_of
from components.dialogue.botpress_shapes import faults_of_flow, faults_of_node
from components.dialogue.botpress_skills import choice_of, picked
from components.dialogue.flow import (
    END,
    HANDOVER,
    Arrow,
    AskNode,
    ConditionNode,
    EndNode,
    Flow,
    HandoverNode,
    MessageNode,
    NluNode,
    Node,
    SlotRule,
)
from components.dialogue.flow_paths import unreached_nodes

_WAITING, _ENDING = "listen", ("success", "failure")
_ASKING = ("standard", _WAITING)
_KNOWN = ("standard", "say_something", "router", "skill-call", _WAITING, *_ENDING)
_LONGEST_DESCRIPTION = 1000


@dataclass(frozen=True)
class Bot:
    """What all flows of an import share. flows: by name; skills: of the flows that skills made, by name. asked: what
    the bot asks for and keeps with the user, by our name."""

    flows: Mapping[str, Mapping[str, Any]]
    skills: Mapping[str, Mapping[str, Any]]
    elements: Mapping[str, Element]
    language: str
    asked: frozenset[str] = frozenset()


class FlowImport:
    """One flow on its way. leftovers: by the id that a node got; of_flow: about the flow as a whole."""

    def __init__(self, name: str, bot: Bot) -> None:
        self.leftovers: dict[str, list[str]] = {}
        self._bot = bot
        self._value = bot.flows[name]
        self.of_flow: list[str] = list(faults_of_flow(self._value))
        self._written = [node for node in self._value["nodes"] if isinstance(node, dict)]
        self._names = Names(name, bot.flows, [str(node.get("name") or "") for node in self._written])
        self._made: dict[str, Node] = {}

    def flow(self) -> Flow:
        """Everything that carries over. Nodes that nothing leads to are left out, and noted."""
        catching = list(self._catching())
        for node in self._written:
            node_id = self._names.node(str(node.get("name") or ""))
            if node_id is not None and node_id not in self._made:
                self._make(node, node_id, catching)
        if not self._made:
            self._made["empty"] = HandoverNode("empty", 0)
            self.of_flow.append("it has no node: it hands over to a person for now")
        start = self._names.node(str(self._value.get("startNode") or "")) or next(iter(self._made))
        described = str(self._value.get("description") or "")
        if len(described) > _LONGEST_DESCRIPTION:
            self.of_flow.append(f"of its description, what follows {_LONGEST_DESCRIPTION} characters is left out")
        description = described[:_LONGEST_DESCRIPTION]
        flow = Flow(self._names.flow_id, f"{self._names.flow_id}.yaml", start, self._made, description)
        for node_id in unreached_nodes({flow.flow_id: flow}, flow):
            self.of_flow.append(f"the node {node_id!r} is left out: nothing leads to it")
            self.leftovers.pop(node_id, None)
            del self._made[node_id]
        return replace(flow, nodes={start: self._made[start], **self._made})

    def _make(self, node: Mapping[str, Any], node_id: str, catching: list[Arrow]) -> None:
        kind = str(node.get("type") or "standard")
        for fault in faults_of_node(node):
            self._note(node_id, fault)
        said, kept = self._said(node, node_id)
        question = said.pop() if kept else None
        entry = node_id if not said else self._names.free(f"{node_id}_next")
        if kind not in _KNOWN:
            self._note(node_id, f"the node type {kind!r} does not carry over: it hands over to a person for now")
            tail: list[Node] = [HandoverNode(entry, 0)]
        elif kind == "skill-call" and node.get("skill") == "choice":
            tail = self._choice(node, node_id, entry)
        elif kind == "skill-call":
            what = f"the skill {node.get('skill')!r} does not carry over: it hands over to a person for now"
            self._note(node_id, f"{what}; a tool or workflow node can take its place")
            tail = [HandoverNode(entry, 0)]
        elif kind in _ENDING:
            tail = []
        elif kept is not None and question is not None:
            tail = self._asking(node, node_id, entry, question, kept)
        elif kind == _WAITING or isinstance(node.get("onReceive"), list):
            tail = self._listening(node, node_id, entry, catching)
        else:
            tail = self._going_on(node, node_id, entry)
        self._join(node_id, said, tail)

    def _join(self, node_id: str, said: list[Said], tail: list[Node]) -> None:
        """What is said, one message after the other, and then the tail."""
        if not said and not tail:
            tail = [EndNode(node_id, 0)]
        ids = [node_id, *(self._names.free(f"{node_id}_{number}") for number in range(2, len(said) + 1))][: len(said)]
        straight = self._straight(tail)
        after = straight or (tail[0].node_id if tail else None)
        for place, (message_id, each) in enumerate(zip(ids, said, strict=True)):
            following = ids[place + 1] if place + 1 < len(ids) else after
            arrows = (Arrow(following, 0),) if following else ()
            self._made[message_id] = MessageNode(message_id, 0, arrows, texts=each.texts, buttons=each.buttons)
        if not (said and straight):
            self._made.update({node.node_id: node for node in tail})

    @staticmethod
    def _straight(tail: list[Node]) -> str | None:
        """Where a tail leads that is no more than one arrow."""
        only = tail[0] if len(tail) == 1 else None
        plain = isinstance(only, ConditionNode) and len(only.arrows) == 1 and only.arrows[0].is_default
        return only.arrows[0].target if only is not None and plain else None

    def _said(self, node: Mapping[str, Any], node_id: str) -> tuple[list[Said], Kept | None]:
        """What it says, and where it keeps the answer to the last of that."""
        entering = node.get("onEnter")
        instructions = [*(entering if isinstance(entering, list) else [])]
        if isinstance(node.get("content"), dict):
            instructions.append({"type": "say", "content": node["content"]})
        elements, language, asked = self._bot.elements, self._bot.language, self._bot.asked
        doings = doings_of(instructions, elements, language, asked)
        receiving = node.get("onReceive")
        by_intent = any(found and found.intent for found in (translated(written) for written, _ in self._next(node)))
        asks = doings.said and not by_intent and str(node.get("type") or "standard") in _ASKING
        kept = kept_answer(receiving) if asks else None
        if kept is not None:
            receiving = [each for each in receiving or () if each != kept.instruction]
        received = doings_of(receiving, elements, language, asked)
        for lost in (*doings.lost, *received.lost):
            self._note(node_id, lost)
        for each in received.said:
            self._note(node_id, f"{each.texts[0][:60]!r} is said once the customer has answered: it is left out")
        return list(doings.said), kept

    def _asking(self, node: Mapping[str, Any], node_id: str, entry: str, question: Said, kept: Kept) -> list[Node]:
        _, conditions, default = self._arrows(node, node_id)
        for text in question.texts[1:]:
            self._note(node_id, f"another way to ask it, {text[:60]!r}: one is kept")
        router = self._names.free(f"{node_id}_route") if conditions else ""
        if default is None:
            self._note(node_id, "where no arrow fits, Botpress stays here: it ends the flow for now")
        return asking(entry, router, question, kept, conditions, default or END)

    def _listening(self, node: Mapping[str, Any], node_id: str, entry: str, catching: list[Arrow]) -> list[Node]:
        intents, conditions, default = self._arrows(node, node_id)
        tail: list[Node] = []
        fallback = default or entry
        if conditions:
            router = self._names.free(f"{node_id}_route")
            tail = [ConditionNode(router, 0, (*conditions, Arrow(fallback, 0)))]
            fallback = router
        caught = [arrow for arrow in catching if arrow.intent not in {each.intent for each in intents}]
        return [NluNode(entry, 0, (*intents, *caught, Arrow(fallback, 0))), *tail]

    def _going_on(self, node: Mapping[str, Any], node_id: str, entry: str) -> list[Node]:
        intents, conditions, default = self._arrows(node, node_id)
        if not intents and not conditions:
            return [ConditionNode(entry, 0, (Arrow(default, 0),))] if default else []
        if default is None:
            self._note(node_id, "where no arrow fits, Botpress stays here: it ends the flow for now")
        tested = (Arrow(each.target, 0, condition=f"intent == '{each.intent}'") for each in intents)
        return [ConditionNode(entry, 0, (*tested, *conditions, Arrow(default or END, 0)))]

    def _arrows(self, node: Mapping[str, Any], node_id: str) -> tuple[list[Arrow], list[Arrow], str | None]:
        """By intent, by condition, and where it goes always."""
        intents: dict[str, Arrow] = {}
        conditions: list[Arrow] = []
        always: str | None = None
        for written, target in self._next(node):
            found = translated(written, self._bot.asked)
            if always is not None:
                self._note(node_id, f"the arrow to {target!r} is left out: the one before it is always taken")
            elif found is None:
                self._note(node_id, f"the condition {written[:80]!r} to {target!r} is code: its arrow is left out")
            elif found.always:
                always = self._target(target, node_id)
            elif found.intent in intents:
                self._note(node_id, f"a second arrow for the intent {found.intent!r}, to {target!r}, is left out")
            elif found.intent is not None:
                intents[found.intent] = Arrow(self._target(target, node_id), 0, intent=found.intent)
            elif found.expression is not None:
                conditions.append(Arrow(self._target(target, node_id), 0, condition=found.expression))
        return list(intents.values()), conditions, always

    def _choice(self, node: Mapping[str, Any], node_id: str, entry: str) -> list[Node]:
        """A question, and a node that goes by its answer."""
        skill = self._bot.skills.get(Names.of_file(str(node.get("flow") or "")))
        choice = choice_of(node, skill, self._bot.elements)
        for fault in (*choice.lost, *self._odd_arrows(node)):
            self._note(node_id, fault)
        slot = variable_name(node_id)
        failure = next((target for written, target in self._next(node) if written == "true"), None)
        give_up = self._target(failure, node_id) if failure else HANDOVER
        question = self._words(choice.question, node_id, "Please choose.")
        invalid = self._words(choice.invalid, node_id, "") if choice.invalid else ""
        if not choice.choices:
            self._note(node_id, f"the answers of the choice are unknown: {node.get('flow')!r} is not among the files")
            return [HandoverNode(entry, 0)]
        router = self._names.free(f"{node_id}_route")
        values = dict.fromkeys(choice.choices.values())
        goals = {value: target for written, target in self._next(node) if (value := picked(written)) is not None}
        arrows = tuple(
            Arrow(self._target(goals[value], node_id), 0, condition=f"{slot} == {_quoted(value)}")
            for value in values
            if value in goals
        )
        ask = AskNode(
            entry,
            0,
            (Arrow(router, 0),),
            slot=slot,
            text=question,
            rule=SlotRule(type="choice", choices=choice.choices),
            invalid=invalid or None,
            attempts=choice.attempts,
            give_up=give_up,
            again=True,
            buttons=tuple(title[:100] for title in self._titles(choice.question, values))[:10],
        )
        return [ask, ConditionNode(router, 0, (*arrows, Arrow(give_up, 0)))]

    def _words(self, content: str, node_id: str, instead: str) -> str:
        element = self._bot.elements.get(content)
        if element is None:
            why = f"the content {content!r}: no content file holds it (--content)"
            self._note(node_id, why if content else "its question is in the skill's own file, which is not there")
            return instead
        lost: list[str] = []
        said = said_of(element, lost, self._bot.asked)
        lost += [f"another way to ask it, {text[:60]!r}: one is kept" for text in (said.texts[1:] if said else ())]
        for each in lost:
            self._note(node_id, each)
        return said.texts[0] if said else instead

    def _odd_arrows(self, node: Mapping[str, Any]) -> Iterator[str]:
        """Those of a choice that are neither for an answer nor for none."""
        for written, target in self._next(node):
            if written != "true" and picked(written) is None:
                yield f"the condition {written[:80]!r} to {target!r} is for none of its answers: it is left out"

    def _titles(self, content: str, values: Mapping[str, None]) -> list[str]:
        element = self._bot.elements.get(content)
        return [title for _, title in element.choices] if element and element.choices else list(values)

    def _catching(self) -> Iterator[Arrow]:
        """What the flow's catchAll does by intent, for every node that listens."""
        catch = self._value.get("catchAll")
        if not isinstance(catch, dict):
            return
        for written, target in self._next(catch):
            found = translated(written)
            if found is not None and found.intent is not None:
                yield Arrow(self._target(target, None), 0, intent=found.intent)
            else:
                self.of_flow.append(f"catchAll: the condition {written[:80]!r} to {target!r} is left out")
        if catch.get("onReceive"):
            self.of_flow.append("catchAll: what it does on every message is left out")

    @staticmethod
    def _next(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Condition and target of each transition."""
        arrows = node.get("next")
        for arrow in arrows if isinstance(arrows, list) else []:
            if isinstance(arrow, dict):
                yield str(arrow.get("condition") or "true").strip(), str(arrow.get("node") or "")

    def _target(self, written: str, node_id: str | None) -> str:
        target, doubt = self._names.target(written)
        if doubt and node_id is not None:
            self._note(node_id, doubt)
        elif doubt:
            self.of_flow.append(doubt)
        return target

    def _note(self, node_id: str, message: str) -> None:
        notes = self.leftovers.setdefault(node_id, [])
        if message not in notes:
            notes.append(message)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
