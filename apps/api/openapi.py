"""The OpenAPI document: the spec's schemas, the key's security schemes, and every problem a route may answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from apps.api.problems import MEDIA_TYPE, PROBLEMS, Problem

_REFERENCE = "#/components/schemas/{model}"


class HelpdeskApi(FastAPI):
    """A FastAPI whose document also holds the schema of Problem, which no route returns as a model."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            own = Problem.model_json_schema(ref_template=_REFERENCE)
            schemas.update(own.pop("$defs", {}))
            schemas["Problem"] = own
        return document


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer these rows of PROBLEMS. Raises KeyError for no row."""
    titles: dict[int | str, list[str]] = {}
    for code in codes:
        titles.setdefault(PROBLEMS[code].status, []).append(PROBLEMS[code].title)
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {
        status: {"description": "; ".join(of_status), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, of_status in titles.items()
    }
