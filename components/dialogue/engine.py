"""The dialogue engine: flows, a state and a message in; replies, the next state and a handover out.

It stores nothing, reads no clock and draws no lots: the same input gives the same outcome, so that a turn which a
killed process left behind can be run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from components.core.errors import InvalidFlow, InvalidInput
from components.dialogue.asking_answers import hear_answer
from components.dialogue.engine_listening import hear
from components.dialogue.engine_moves import start_main
from components.dialogue.engine_nodes import enter
from components.dialogue.engine_run import TurnInput, TurnRun
from components.dialogue.flow import AskNode, FlowSet, NluNode
from components.dialogue.turn_types import DialoguePorts, DialogueState, Listener, Surroundings, TurnOutcome

MOST_STEPS = 100
NO_RESPONSES: Mapping[str, tuple[str, ...]] = {}


def open_conversation(
    flows: FlowSet,
    surroundings: Surroundings,
    ports: DialoguePorts,
    listener: Listener,
    *,
    responses: Mapping[str, tuple[str, ...]] = NO_RESPONSES,
    today: date | None = None,
) -> TurnOutcome:
    """Runs main from its start to the first node that waits.

    responses: the texts of small talk, by intent or response key. today: what dates in answers go by; without it
    `yesterday` and `3 March` are no dates. Raises InvalidFlow naming the node where flows cannot be run, or take more
    than 100 steps; DatabaseUnavailable where a port does.
    """
    run = TurnRun(TurnInput(flows, "", surroundings, ports, listener, responses, today), DialogueState(), turns=0)
    start_main(run)
    _walk(run)
    return run.outcome()


def take_turn(
    flows: FlowSet,
    state: DialogueState,
    message: str,
    surroundings: Surroundings,
    ports: DialoguePorts,
    listener: Listener,
    *,
    responses: Mapping[str, tuple[str, ...]] = NO_RESPONSES,
    today: date | None = None,
) -> TurnOutcome:
    """Gives the customer's message to the node that waits and runs on to the next one: at least one reply, or a
    handover with one.

    Raises as open_conversation does, and InvalidInput for a state that does not belong to these flows.
    """
    given = TurnInput(flows, message, surroundings, ports, listener, responses, today)
    run = TurnRun(given, state, turns=state.turns + 1)
    if not run.frames:
        start_main(run)
    else:
        _check(run)
        node = run.node
        if isinstance(node, NluNode):
            hear(run, node)
        elif isinstance(node, AskNode):
            hear_answer(run, node)
    _walk(run)
    if not run.replies:
        run.say(run.wording("anything_else"))
    return run.outcome()


def _check(run: TurnRun) -> None:
    """Every frame must stand in these flows, and the last one wait. Raises InvalidInput."""
    frames = run.frames
    for depth in range(1, len(frames) + 1):
        run.frames = frames[:depth]
        node = run.node
    run.frames = frames
    if not isinstance(node, NluNode | AskNode):
        raise InvalidInput(f"state: {run.place} does not wait for a message: an nlu or ask node is allowed")


def _walk(run: TurnRun) -> None:
    steps = 0
    while not run.waiting:
        steps += 1
        if steps > MOST_STEPS:
            raise InvalidFlow(f"{run.place}: more than {MOST_STEPS} steps in one turn: a loop needs an ask or an nlu")
        enter(run)
