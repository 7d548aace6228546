"""How Rasa is trained: the parameters that are laid over a project's config.yml, which keeps the design's own shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.errors import InvalidNluData

Value = bool | int | float | str


@dataclass(frozen=True)
class RasaSettings:
    """components: parameters by the component's name, as Rasa documents them. folds: of a cross-validation. seconds:
    that one training may take."""

    components: Mapping[str, Mapping[str, Value]]
    folds: int
    seconds: float


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    components: dict[str, dict[str, Value]]
    folds: Annotated[int, Field(ge=2, le=20)]
    seconds: Annotated[float, Field(gt=0, le=86_400)]


def read_rasa_settings(file: Path) -> RasaSettings:
    """Reads training.yml. Raises InvalidNluData naming the file, the key and what is allowed."""
    try:
        found = _File.model_validate(_load(file))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidNluData(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return RasaSettings(found.components, found.folds, found.seconds)


def overlaid_config(file: Path, settings: RasaSettings) -> dict[str, object]:
    """A project's config.yml with the parameters; what the file itself says about a parameter wins. Raises
    InvalidNluData."""
    config = _load(file)
    if not isinstance(config, dict):
        raise InvalidNluData(f"{file}: a mapping with `pipeline` and `policies` is needed")
    for section in ("pipeline", "policies"):
        steps = config.get(section) or []
        if not isinstance(steps, list) or not all(isinstance(step, dict) and "name" in step for step in steps):
            raise InvalidNluData(f"{file}: {section}: a list of mappings with `name` is needed")
        config[section] = [{**settings.components.get(str(step["name"]), {}), **step} for step in steps]
    return config


def _load(file: Path) -> object:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidNluData(f"{file}: {error}") from error
