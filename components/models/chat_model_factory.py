"""From an entry of the models file to the chat model it declares."""

from __future__ import annotations

from components.core.chat_model import ChatModel
from components.core.errors import InvalidCatalogue
from components.core.generation import AnswerGenerator
from components.core.model_catalogue import ModelDeclaration, Provider

PROVIDERS: tuple[Provider, ...] = ("tgi", "openai", "transformers", "extractive")


def build_chat_model(declaration: ModelDeclaration, extractive: AnswerGenerator) -> ChatModel:
    """The chat model of the declaration's provider. Opens no connection and loads no weights.

    extractive: what an `extractive` entry answers with. Raises InvalidCatalogue for an unknown provider.
    """
    if declaration.provider == "openai":
        from components.models.openai_chat_model import OpenAIChatModel

        return OpenAIChatModel(declaration)
    if declaration.provider == "tgi":
        from components.models.tgi_chat_model import TgiChatModel

        return TgiChatModel(declaration)
    if declaration.provider == "transformers":
        from components.models.transformers_chat_model import TransformersChatModel

        return TransformersChatModel(declaration)
    if declaration.provider == "extractive":
        from components.models.extractive_chat_model import ExtractiveChatModel

        return ExtractiveChatModel(extractive, name=declaration.name)
    raise InvalidCatalogue(
        f"the model {declaration.name!r} has provider={declaration.provider!r}; allowed: {', '.join(PROVIDERS)}",
        field="provider",
    )
