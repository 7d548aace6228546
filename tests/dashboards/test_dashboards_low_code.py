"""The low-code page: every schema is the one that is used, every example is good, every command is there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import pytest
import yaml
from jsonschema import Draft202012Validator

from components.agents.plans.plan_reading import read_plan
from components.agents.workflows.document import parse_document, read_workflow
from components.dialogue.flow_library import with_shipped
from components.dialogue.flow_reading import load_flows
from components.helpdesk.access.people import Person
from components.helpdesk.prompt_files import read_prompt_file
from components.helpdesk.tenant_config import validate_config
from components.knowledge.source_declarations import declarations_in
from components.nlu.rasa_files import read_rasa_file
from dashboards.low_code.changeable import CHANGEABLES, PROJECT, Changeable
from dashboards.low_code.page import page
from dashboards.viewer import Viewer
from tests.dashboards.dashboards_people import Staff

if TYPE_CHECKING:
    from dashboards.desk import Desk

BY_TITLE = {each.title: each for each in CHANGEABLES}


def written(item: Changeable) -> Any:
    text = item.example()
    return parse_document(text) if item.file.endswith(".json") else yaml.safe_load(text)


# How each file is read where it is used.
READERS: dict[str, Callable[[Changeable], object]] = {
    "Sources of knowledge": lambda item: declarations_in(PROJECT / item.file),
    "Pipelines": lambda item: written(item)["components"],
    "Prompts": lambda item: read_prompt_file(item.example()),
    "Flows": lambda item: load_flows(
        with_shipped({file.name: file.read_text("utf-8") for file in (PROJECT / item.file).parent.glob("*.yaml")})
    ),
    "NLU examples": lambda item: read_rasa_file(PROJECT / item.file, trainable=False).messages,
    "Workflows": lambda item: read_workflow(written(item), "refund").nodes,
    "Plans": lambda item: read_plan("process_refund", item.example()).steps,
    "Tools": lambda item: validate_config(written(item)),
    "Tenants": lambda item: validate_config(written(item)),
}


@pytest.mark.parametrize("title", BY_TITLE)
def test_the_example_is_good_by_its_schema_and_where_it_is_used(title: str) -> None:
    item = BY_TITLE[title]
    Draft202012Validator.check_schema(item.schema())
    assert [error.message for error in Draft202012Validator(item.schema()).iter_errors(written(item))] == []
    assert READERS[title](item)


@pytest.mark.parametrize("title", BY_TITLE)
def test_the_schema_refuses_what_is_none(title: str) -> None:
    validator = Draft202012Validator(BY_TITLE[title].schema())
    assert not validator.is_valid([])
    top = next(iter(written(BY_TITLE[title])))
    assert not validator.is_valid({**written(BY_TITLE[title]), top: 7})


def test_every_command_that_is_named_is_there() -> None:
    import typer.main

    from apps.cli.main import app

    root: Any = typer.main.get_command(app)
    commands = [step for item in CHANGEABLES for step in item.steps("shop.example") if "helpdesk " in step]
    assert len(commands) > len(CHANGEABLES)
    for command in commands:
        place = root
        words = shlex.split(command.partition(",")[0])
        for word in words[words.index("helpdesk") + 1 :]:
            if not hasattr(place, "commands"):
                break
            assert word in place.commands, f"{command}: {word} is no command"
            place = place.commands[word]
        options = {name for parameter in place.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, command


def test_the_page_says_what_the_tenant_has_now_and_nothing_of_others(desk: Desk, staff: Staff) -> None:
    person = Person("Ann", "supervisor", (staff.ours,), None, "")
    shown = page(desk, Viewer(person, person.tenants))
    html = "".join(pane.object for pane in shown.select(pn.pane.HTML))
    for item in CHANGEABLES:
        assert f"<h2>{item.title}</h2>" in html
    assert html.count("Now at Jackets &amp; Co") == len(CHANGEABLES)
    assert "version 0 of 1, as shipped" in html
    assert "cannot be read" not in html
    assert staff.theirs.name not in html


def test_an_admin_of_all_is_asked_to_choose_one(desk: Desk, staff: Staff) -> None:
    person = Person("Admin", "admin", (staff.ours, staff.theirs), None, "")
    shown = page(desk, Viewer(person, person.tenants))
    assert [pane.object for pane in shown.select(pn.pane.Markdown)] == ["Choose one tenant above to see its own."] * 2


def test_n8n_is_shown_where_it_is_and_told_of_where_it_is_not(desk: Desk, staff: Staff) -> None:
    from dataclasses import replace

    from dashboards.server import content_policy

    viewer = Viewer(Person("Ann", "supervisor", (staff.ours,), None, ""), (staff.ours,))
    without = str([pane.object for pane in page(desk, viewer).select(pn.pane.HTML)])
    assert "make n8n" in without
    assert "<iframe" not in without
    settings = desk.settings.model_copy(update={"n8n_url": "http://n8n.example:5678/home"})
    shown = str([pane.object for pane in page(replace(desk, settings=settings), viewer).select(pn.pane.HTML)])
    assert 'src="http://n8n.example:5678/home" sandbox="allow-scripts' in shown
    assert "frame-src 'self' http://n8n.example:5678" in content_policy(settings)


def test_every_shipped_and_demo_flow_is_drawn_with_its_nodes() -> None:
    from components.dialogue.flow_svg import draw_flow

    for folder in sorted(Path(PROJECT / "deploy" / "demo").glob("*/flows")):
        files = with_shipped({file.name: file.read_text("utf-8") for file in folder.glob("*.yaml")})
        flows = load_flows(files)
        for flow_id, flow in flows.flows.items():
            drawn = draw_flow(flows, flow_id)
            for node_id in flow.nodes:
                assert f"<g data-node={json.dumps(node_id)}>" in drawn
