"""The language models that the operator declares in one YAML file, checked when it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from components.core.errors import InvalidCatalogue, InvalidSetting
from components.core.model_catalogue import ModelDeclaration
from components.core.settings import resolve_secret

EXTRACTIVE: Final = "extractive"
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$"
_EXTRACTIVE = ModelDeclaration(EXTRACTIVE, EXTRACTIVE, EXTRACTIVE, local=True)

Price = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


@dataclass(frozen=True)
class Catalogue:
    """Declarations by name, in the file's order, `extractive` always the last. currency: of all prices."""

    models: Mapping[str, ModelDeclaration] = field(default_factory=lambda: {EXTRACTIVE: _EXTRACTIVE})
    currency: str = "USD"


def load_catalogue(path: Path | None) -> Catalogue:
    """What the file declares; without a file, only `extractive`. Raises InvalidCatalogue naming file, entry, value
    and what is allowed."""
    if path is None:
        return Catalogue()
    declared = _read(path)
    twice = [name for name, times in Counter(entry.name for entry in declared.models).items() if times > 1]
    if twice:
        raise InvalidCatalogue(f"{path}: models: the name {twice[0]!r} is there twice; names are unique")
    models = {entry.name: _declaration(path, entry) for entry in declared.models}
    return Catalogue(models | {EXTRACTIVE: _EXTRACTIVE}, declared.currency)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _PriceEntry(_Strict):
    input: Price = Decimal(0)
    output: Price = Decimal(0)


class _ModelEntry(_Strict):
    name: str = Field(pattern=MODEL_NAME)
    provider: Literal["tgi", "openai", "transformers"]
    model: str = ""
    base_url: str | None = Field(None, pattern=r"^https?://[^\s/?#]+[^\s?#]*$")
    api_key: str | None = None
    price: _PriceEntry = _PriceEntry()
    local: bool = False
    context_tokens: int = Field(8192, ge=256, le=10_000_000)
    deadline: Seconds = 30.0
    first_text: Seconds = 10.0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.name == EXTRACTIVE:
            raise ValueError(f"the name {EXTRACTIVE!r} is taken: the model that quotes is always there")
        if self.provider == "transformers" and self.base_url is not None:
            raise ValueError("base_url is for tgi and openai; transformers runs in this process")
        if self.provider != "transformers" and self.base_url is None:
            raise ValueError(f"{self.provider} needs a base_url, such as https://api.openai.com/v1")
        if self.provider != "tgi" and not self.model:
            raise ValueError(f"{self.provider} needs a model: the server's name of it, a hub id or a local path")
        return self


class _CatalogueFile(_Strict):
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    models: tuple[_ModelEntry, ...] = ()


def _read(path: Path) -> _CatalogueFile:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidCatalogue(f"{path}: {error}", field="HELPDESK_MODELS") from error
    if not isinstance(content, dict):
        raise InvalidCatalogue(f"{path}: a YAML mapping with the keys currency and models is needed")
    try:
        return _CatalogueFile.model_validate(content)
    except ValidationError as error:
        raise InvalidCatalogue(f"{path}: {_explain(error, content)}") from error


def _declaration(path: Path, entry: _ModelEntry) -> ModelDeclaration:
    try:
        api_key = None if entry.api_key is None else resolve_secret(entry.api_key)
    except InvalidSetting as error:
        raise InvalidCatalogue(f"{path}: model {entry.name!r}: api_key: {error.message}") from error
    return ModelDeclaration(
        name=entry.name,
        provider=entry.provider,
        model=entry.model,
        base_url=entry.base_url,
        api_key=api_key,
        input_price=entry.price.input,
        output_price=entry.price.output,
        local=entry.local,
        context_tokens=entry.context_tokens,
        deadline=entry.deadline,
        first_text=min(entry.first_text, entry.deadline),
    )


def _explain(error: ValidationError, content: Mapping[str, Any]) -> str:
    """Where in the file, what stands there, and what is allowed."""
    first = error.errors()[0]
    place = list(first["loc"])
    where = ".".join(str(part) for part in place)
    if len(place) > 1 and place[0] == "models":
        entry = content["models"][place[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        where = f"model {name!r}" if name else f"models[{place[1]}]"
        where += "".join(f": {part}" for part in place[2:])
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key; allowed are {', '.join(_allowed(place))}"
    if first["type"] == "value_error":
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    # A secret that was written into the file must not come out in a log.
    value = "" if place[-1:] == ["api_key"] else f"={first.get('input')!r}"
    return f"{where}{value}: {first['msg']}"


def _allowed(place: list[int | str]) -> list[str]:
    kind: type[BaseModel] = _CatalogueFile if len(place) == 1 else _PriceEntry if "price" in place else _ModelEntry
    return list(kind.model_fields)
