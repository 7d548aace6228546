"""The languages that a customer may write in: what they are called, wherever one is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.core.errors import InvalidInput

# ISO 639-1, and the name in English.
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "ar": "Arabic",
        "bg": "Bulgarian",
        "cs": "Czech",
        "da": "Danish",
        "de": "German",
        "el": "Greek",
        "en": "English",
        "es": "Spanish",
        "fa": "Persian",
        "fi": "Finnish",
        "fr": "French",
        "he": "Hebrew",
        "hi": "Hindi",
        "hu": "Hungarian",
        "it": "Italian",
        "ja": "Japanese",
        "ko": "Korean",
        "nb": "Norwegian",
        "nl": "Dutch",
        "pl": "Polish",
        "pt": "Portuguese",
        "ro": "Romanian",
        "ru": "Russian",
        "sv": "Swedish",
        "th": "Thai",
        "tr": "Turkish",
        "uk": "Ukrainian",
        "zh": "Chinese",
    }
)


def language_name(code: str) -> str:
    """The English name of a language. code: ISO 639-1. Raises InvalidInput naming those there are."""
    name = LANGUAGES.get(code)
    if name is None:
        raise InvalidInput(f"language={code!r}: allowed is one of {', '.join(LANGUAGES)}", field="language")
    return name
