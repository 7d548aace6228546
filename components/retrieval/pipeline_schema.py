"""What a pipeline's YAML may hold, known without Haystack, which takes seconds to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent / "definitions"
OURS = "components.retrieval"
ALLOWED_MODULES = [OURS, "haystack"]


def shipped_pipelines() -> list[str]:
    """Names of the pipelines that come with the project."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def pipeline_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12. What a component's own parameters may be is the component's to say, when it is
    loaded."""
    modules = "|".join(module.replace(".", r"\.") for module in ALLOWED_MODULES)
    socket = {"type": "string", "pattern": r"^[^.]+\.[^.]+$", "description": "component.socket"}
    return {
        "type": "object",
        "required": ["components"],
        "properties": {
            "components": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {
                        "type": {
                            "type": "string",
                            "pattern": rf"^({modules})\.[\w.]+$",
                            "description": "Ours, or a stock component of Haystack.",
                        },
                        "init_parameters": {"type": "object"},
                    },
                },
            },
            "connections": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["sender", "receiver"],
                    "properties": {"sender": socket, "receiver": socket},
                },
            },
        },
    }
