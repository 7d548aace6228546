"""What an operator may write into the models file, and what is said about the rest."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from components.core.errors import InvalidCatalogue
from components.core.model_catalogue import ModelDeclaration
from components.gateway.catalogue import load_catalogue

EXAMPLE = Path("deploy/models.example.yaml")
GOOD = {"name": "fast", "provider": "openai", "model": "tiny", "base_url": "http://127.0.0.1:8000/v1"}


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def test_without_a_file_there_is_quoting_alone() -> None:
    assert list(load_catalogue(None).models) == ["extractive"]


def test_a_declaration_is_read_with_its_prices_and_its_secret(
    write: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAST_KEY", "sesame")
    (tmp_path / "slow.key").write_text("mellon\n")
    entries = [
        GOOD | {"api_key": "env:FAST_KEY", "price": {"input": 0.15, "output": "0.6"}, "local": True},
        GOOD | {"name": "slow", "api_key": f"file:{tmp_path / 'slow.key'}", "deadline": 5, "first_text": 20},
    ]
    write.write_text(yaml.safe_dump({"currency": "EUR", "models": entries}))
    catalogue = load_catalogue(write)
    assert list(catalogue.models) == ["fast", "slow", "extractive"]
    assert catalogue.currency == "EUR"
    fast, slow = catalogue.models["fast"], catalogue.models["slow"]
    assert (fast.input_price, fast.output_price, fast.local) == (Decimal("0.15"), Decimal("0.6"), True)
    assert (fast.api_key, slow.api_key) == ("sesame", "mellon")
    assert "sesame" not in repr(fast)
    assert slow.first_text == 5


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (GOOD | {"provider": "azure"}, "provider='azure': Input should be 'tgi', 'openai' or 'transformers'"),
        (GOOD | {"prize": {"input": 1}}, "prize: unknown key; allowed are name, provider, model, base_url"),
        (GOOD | {"price": {"in": 1}}, "price: in: unknown key; allowed are input, output"),
        (GOOD | {"price": {"input": -1}}, "price: input=-1: Input should be greater than or equal to 0"),
        (GOOD | {"price": {"input": float("nan")}}, "price: input=nan"),
        (GOOD | {"name": "extractive"}, "the name 'extractive' is taken"),
        (GOOD | {"base_url": None}, "openai needs a base_url"),
        (GOOD | {"base_url": "file:///etc/passwd"}, "base_url='file:///etc/passwd'"),
        (GOOD | {"model": ""}, "openai needs a model"),
        (GOOD | {"provider": "transformers"}, "base_url is for tgi and openai"),
        (GOOD | {"deadline": 0}, "deadline=0: Input should be greater than 0"),
        (GOOD | {"context_tokens": "many"}, "context_tokens='many'"),
        (GOOD | {"api_key": "env:NOT_THERE_AT_ALL"}, "api_key: env:NOT_THERE_AT_ALL is empty or not set"),
        (GOOD | {"api_key": "file:/not/there"}, "api_key: file:/not/there"),
    ],
)
def test_a_bad_value_is_named_with_file_entry_and_what_is_allowed(
    write: Path, entry: dict[str, object], said: str
) -> None:
    write.write_text(yaml.safe_dump({"models": [entry]}))
    with pytest.raises(InvalidCatalogue) as raised:
        load_catalogue(write)
    assert raised.value.message.startswith(f"{write}: model {entry['name']!r}")
    assert said in raised.value.message


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(write: Path) -> None:
    write.write_text(yaml.safe_dump({"models": [GOOD | {"api_key": "sk-very-secret"}]}))
    with pytest.raises(InvalidCatalogue, match="env:NAME or file:/absolute/path") as raised:
        load_catalogue(write)
    assert "sk-very-secret" not in raised.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: [", "expected"),
        ("- fast", "a YAML mapping"),
        ("", "a YAML mapping"),
        ("currency: euro", "currency='euro'"),
        ("modells: []", "modells: unknown key; allowed are currency, models"),
        ("models: [fast]", "models[0]='fast'"),
        ("models: [{provider: tgi, base_url: 'http://x'}]", "models[0]: name"),
    ],
)
def test_a_file_of_another_shape_is_refused(write: Path, text: str, said: str) -> None:
    write.write_text(text)
    with pytest.raises(InvalidCatalogue) as raised:
        load_catalogue(write)
    assert str(write) in raised.value.message
    assert said in raised.value.message


def test_two_models_of_one_name_are_refused(write: Path) -> None:
    write.write_text(yaml.safe_dump({"models": [GOOD, GOOD]}))
    with pytest.raises(InvalidCatalogue, match="'fast' is there twice"):
        load_catalogue(write)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogue, match=r"none\.yaml"):
        load_catalogue(tmp_path / "none.yaml")


def test_the_example_that_we_ship_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    models = load_catalogue(EXAMPLE).models
    assert {each.provider for each in models.values()} == {"tgi", "openai", "transformers", "extractive"}
    assert all(isinstance(each, ModelDeclaration) for each in models.values())
