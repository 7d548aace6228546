"""Which language a customer writes in, decided only where the message shows it: most messages are a few words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lingua

LONGEST_READ = 1_000
# Found by trial on short customer messages, with lingua's small models: below these it is often wrong.
LEAST_LETTERS, LEAST_WORDS = 8, 2
CLEAR, LIKELY = 0.9, 0.7
# Of Latin languages: what an everyday word adds to lingua's confidence, how far another language must be ahead of the
# one before, and of one that was heard already.
EVERYDAY, AHEAD, FAR_AHEAD = 0.3, 0.4, 0.8
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "da", "nb", "fi", "tr", "ro", "hu")
_CYRILLIC = ("ru", "uk", "bg")
_ARABIC = ("ar", "fa")
_LEAST_OF_SCRIPT = 2
# By the first word of a letter's Unicode name.
_OF_SCRIPT = {"HEBREW": "he", "GREEK": "el", "HANGUL": "ko", "THAI": "th", "DEVANAGARI": "hi"}
_SEVERAL = {"LATIN": _LATIN, "CYRILLIC": _CYRILLIC, "ARABIC": _ARABIC}
# Everyday words by language: short messages show their language in them, where n-grams of letters do not. Those that
# names and addresses are made with (`de la`) are left out.
_EVERYDAY = {
    "en": "the a an is are was i i'm my me you your it this that to of for with not don't can't do does can how "
    "what when where why please want have has and in on from would need hello thanks no yes we our be "
    "will all any get am if there change out there's one",
    "de": "der die das ein eine einen einem ist sind war ich mein meine meinen mir mich sie ihr wir nicht kein "
    "keine zu zum für mit und auf im den dem wie was wann wo warum bitte möchte will kann können haben "
    "habe hat danke guten hallo leider noch oder es brauche welche wird wurde",
    "fr": "un une des du est sont je j'ai mon ma mes me vous votre ne pas pour avec dans sur et à au où comment "
    "quand pourquoi quel quelle quels veux voudrais peux pouvez suis bonjour merci plait plaît ce cette "
    "il elle que qui n'est mais combien être quelles",
    "es": "el los las un una a o unos es está son yo mi mis me usted su no para con por en y qué que cómo cuándo dónde "
    "cuánto quiero quisiera puedo puede tengo necesito hola gracias favor ha he se al pero buenos días "
    "han gustaría este esta bien muy todavía nada también aún",
    "it": "il lo gli un una della è sono io mio mia mi non per con in e che come quando dove perché quanto "
    "voglio vorrei posso può ho ha buongiorno ciao grazie favore questo questa si al ma i",
    "pt": "o a os as um uma é está são eu meu minha me você não para com por em e que como quando onde quanto "
    "quero gostaria posso pode tenho preciso olá obrigado favor foi se ao mas isto bom dia",
    "nl": "het een is zijn was ik mijn mij me u uw jij je niet geen te voor met en op in hoe wat wanneer waar "
    "waarom graag wil kan kunnen heb heeft hallo dank bedankt naar aan bij dit dat deze goedendag mag er",
    "pl": "jest są nie mój moja moje mam mi mnie pan pani do na w z o i że jak co kiedy gdzie dlaczego ile "
    "proszę chcę chciałbym mogę można dzień dobry dziękuję to ten ta się za po od czy",
    "cs": "je jsou není můj moje mám mi mě vy váš do na v z s o a že jak co kdy kde proč kolik prosím chci "
    "chtěl mohu můžu dobrý den děkuji to ten ta se za po od jsem",
    "sv": "är en ett jag min mitt mina mig du ni er inte för med av och på i hur vad när var varför vill kan "
    "har hej tack det den detta till från som om skulle behöver",
    "da": "er en et jeg min mit mine mig du i jer ikke for med af og på hvordan hvad hvornår hvor hvorfor vil "
    "kan har hej tak det den dette til fra som om gerne have skal",
    "nb": "er en et jeg min mitt mine meg du dere ikke for med av og på hvordan hva når hvor hvorfor vil kan "
    "har hei takk det den dette til fra som om gjerne ha skal",
    "fi": "on ovat ei en minun minä minulla te teidän ja miten mitä milloin missä miksi haluan haluaisin voinko "
    "voitko voi olen onko kiitos hei se tämä että kun mutta",
    "tr": "bir bu ve ne nasıl nerede neden zaman mı mi mu mü için ile değil var yok ben benim istiyorum lütfen "
    "merhaba teşekkürler teşekkür çok siz kadar",
    "ro": "este sunt un o nu meu mea mă îmi vă și pe cu pentru în cum ce când unde cât vreau aș pot am ați bună "
    "ziua mulțumesc rog că să din",
    "hu": "a az egy és nem vagyok én hol hogyan mikor miért mi mit mennyi szeretnék kérem kérek köszönöm jó "
    "napot hogy vagy meg lehet tudok el",
}
_WORDS_OF = {language: frozenset(words.split()) for language, words in _EVERYDAY.items()}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_KANA, _HAN = ("HIRAGANA", "KATAKANA"), "CJK"
# Addresses, and whatever holds a digit: order numbers are of no language.
_NO_WORDS = re.compile(r"https?://\S+|\S+@\S+|\S*\d\S*|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


class LanguageDetector:
    """Detects some 30 languages by script; by lingua (n-grams of letters) where several share one. Thread-safe.

    Its models are read at the first message that needs them: some 40 MB and a third of a second; then 0.1 ms each.

    >>> LanguageDetector().detect("Wo ist meine Bestellung?", "en")
    'de'
    """

    def detect(self, text: str, previous: str | None = None, *, heard: bool = False) -> str | None:
        """The language of `text` as ISO 639-1, or `previous` where it does not show: a word, a number, an emoji.

        previous: of the conversation so far, or the tenant's own where there was none. Another one than it is taken
        only where the message is clear about it. heard: the customer has written in `previous` before, so that the
        message must be clearer still. The first 1,000 characters are read.
        """
        words = _NO_WORDS.sub(" ", text[:LONGEST_READ])
        script, letters = _script_of(words)
        if script in _OF_SCRIPT:
            return _OF_SCRIPT[script]
        if script == _HAN:
            return "ja" if previous == "ja" else "zh"
        if script in _KANA:
            return "ja"
        among = _SEVERAL.get(script)
        if among is None:
            return previous
        if among is _LATIN:
            return previous if letters < LEAST_LETTERS else self._by_words(words, previous, heard)
        return self._by_letters(words, among, previous)

    def _by_words(self, text: str, previous: str | None, heard: bool) -> str | None:
        """One of the Latin languages, by letters and everyday words together; never without any of the latter."""
        words = _WORD.findall(text.lower().replace("’", "'"))
        if len(words) < LEAST_WORDS:
            return previous
        letters = {_code(each): each.value for each in self._lingua.compute_language_confidence_values(text)}
        scores = {
            language: letters[language] + EVERYDAY * sum(word in known for word in words)
            for language, known in _WORDS_OF.items()
        }
        best = max(scores, key=lambda language: scores[language])
        of_best, of_previous = _WORDS_OF[best], _WORDS_OF.get(previous or "", frozenset())
        shown = sum((word in of_best) - (word in of_previous) for word in words) > 0
        ahead = scores[best] - scores.get(previous or "", 0.0)
        return best if shown and ahead >= (FAR_AHEAD if heard else AHEAD) else previous

    def _by_letters(self, text: str, among: tuple[str, ...], previous: str | None) -> str | None:
        """One of the languages that share a script other than Latin, which rules all others out."""
        ranked = self._lingua.compute_language_confidence_values(text)
        likeliest = next((each for each in ranked if _code(each) in among), None)
        if likeliest is not None and likeliest.value >= (CLEAR if previous in among else LIKELY):
            return _code(likeliest)
        return previous if previous in among else among[0]

    @cached_property
    def _lingua(self) -> lingua.LanguageDetector:
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        codes = [getattr(IsoCode639_1, code.upper()) for several in _SEVERAL.values() for code in several]
        return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()


def _code(found: lingua.ConfidenceValue) -> str:
    return found.language.iso_code_639_1.name.lower()


def _script_of(words: str) -> tuple[str, int]:
    """The script that at least half of the letters are of, and how many are; empty where there is none."""
    counts = Counter(_script(character) for character in words if character.isalpha())
    if any(counts[kana] for kana in _KANA):
        return _KANA[0], counts.total()
    script, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    clear = count >= _LEAST_OF_SCRIPT and 2 * count >= counts.total()
    return (script, count) if clear else ("", 0)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
