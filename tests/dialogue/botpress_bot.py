"""A small Botpress v12 bot, in the form that its studio exports."""

from __future__ import annotations

import json
from typing import Any


def flow(nodes: list[dict[str, Any]], start: str = "entry", **keys: Any) -> str:
    return json.dumps({"version": "0.0.1", "catchAll": {}, "startNode": start, "nodes": nodes, **keys})


def node(name: str, says: list[str], to: list[tuple[str, str]], receives: list[str] | None = None) -> dict[str, Any]:
    arrows = [{"condition": condition, "node": target} for condition, target in to]
    return {
        "id": f"id-{name}",
        "name": name,
        "type": "standard",
        "onEnter": says,
        "onReceive": receives,
        "next": arrows,
    }


MAIN = flow(
    [
        node("entry", ["say #!builtin_text-hello"], [("true", "listen")]),
        node(
            "listen",
            [],
            [
                ("event.nlu.intent.name === 'refund'", "refund.flow.json"),
                ("event.nlu.intent.is('faq')", "size-choice"),
                ("temp.tries > 3", "give up"),
                ("lodash.isEmpty(temp.x)", "entry"),
                ("true", "sorry"),
            ],
            receives=[],
        ),
        node("sorry", ["say #!builtin_text-sorry", "say #!builtin_text-gone"], [("true", "listen")]),
        node("give up", ['builtin/setVariable {"type":"temp","name":"tries","value":"0"}'], [("true", "END")]),
        {
            "id": "skill-1",
            "type": "skill-call",
            "skill": "choice",
            "name": "size-choice",
            "flow": "skills/choice-1.flow.json",
            "next": [
                {"caption": "S", "condition": "temp['skill-choice-ret-abc'] == \"small\"", "node": "sorry"},
                {"caption": "L", "condition": "temp['skill-choice-ret-abc'] == \"large\"", "node": "listen"},
                {"caption": "On failure", "condition": "true", "node": "give up"},
            ],
            "onEnter": None,
            "onReceive": None,
        },
        {"id": "skill-2", "type": "skill-call", "skill": "CallAPI", "name": "call", "flow": "x", "next": []},
    ],
    catchAll={"onReceive": [], "next": [{"condition": "event.nlu.intent.name === 'stop'", "node": "give up"}]},
    description="The main flow.",
)
REFUND = flow(
    [
        node("entry", ["say #!builtin_text-order"], [("true", "got it")], receives=["orders/check {}"]),
        node("got it", ["say #!builtin_text-noted"], [("session.vip === true", "vip"), ("true", "#")]),
        node("vip", ["say #!builtin_text-vip"], [("true", "main.flow.json")]),
    ]
)
SKILL = flow(
    [node("entry", [], [])],
    skillData={
        "randomId": "abc",
        "contentId": "builtin_single-choice-size",
        "invalidContentId": "builtin_text-sorry",
        "keywords": {"small": ["small", "S"], "large": ["large", "big one"]},
        "config": {"nbMaxRetries": 2},
    },
)
FLOWS = {"flows/main.flow.json": MAIN, "flows/refund.flow.json": REFUND, "flows/skills/choice-1.flow.json": SKILL}


def element(name: str, **form: Any) -> dict[str, Any]:
    return {"id": name, "formData": form, "createdBy": "admin", "createdOn": "2021-01-01"}


CONTENT = {
    "builtin_text.json": json.dumps(
        [
            element(
                "builtin_text-hello",
                **{"text$en": "Hi {{user.name}}!", "variations$en": ["Hello!"], "text$de": "Hallo"},
            ),
            element("builtin_text-sorry", **{"text$en": "Sorry {{state.$r}}?"}),
            element("builtin_text-order", **{"text$en": "Which order?"}),
            element("builtin_text-noted", **{"text$en": "{{event.preview}}, {% noted."}),
            element("builtin_text-vip", **{"text$fr": "Merci"}),
        ]
    ),
    "builtin_single-choice.json": json.dumps(
        [
            element(
                "builtin_single-choice-size",
                **{
                    "text$en": "Which size?",
                    "choices$en": [{"title": "Small", "value": "small"}, {"title": "Large", "value": "large"}],
                },
            )
        ]
    ),
}
