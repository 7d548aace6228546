"""Whether a message asks, wishes or only greets, by its words alone."""

from __future__ import annotations

from components.dialogue.asking_words import holds_words, phrases, plain

_QUESTION_MARKS = ("?", "？", "؟")
_ASKING = frozenset(
    plain(word)
    for word in (
        "what how when where who why which whose can could do does did is are will would may should|"
        "was wie wann wo wer warum wieso weshalb welche welcher welches kann können gibt|"
        "comment quand où pourquoi quel quelle quels quelles combien qui|qué cómo cuándo dónde cuál cuánto quién|"
        "quando dove perché quale quanto chi|como quando onde porque qual quanto quem|"
        "wat hoe wanneer waar wie waarom welke|co jak kiedy gdzie kto dlaczego który ile|jak kdy kde kdo proč který|"
        "vad hur när var vem varför vilken|hvad hvordan hvornår hvor hvem hvorfor|nasıl nerede kim neden hangi|"
        "что как когда где кто почему какой сколько|що як коли де хто чому який скільки|"
        "ما كيف متى أين من لماذا هل كم|מה איך מתי איפה מי למה האם כמה"
    )
    .replace("|", " ")
    .split()
)
_WISHING = phrases("""
i want|i would like|i'd like|i need|i wish|let me|help me|ich möchte|ich will|ich brauche|je veux|je voudrais
quiero|quisiera|necesito|voglio|vorrei|quero|gostaria|preciso|ik wil|chcę|chci|jag vill|jeg vil|istiyorum
хочу|أريد|אני רוצה|我想|我要|したい
""")
_GREETINGS = phrases("""
hi|hello|hey|hi there|hello there|hey there|good morning|good afternoon|good evening|hallo|guten tag|guten morgen
moin|bonjour|salut|hola|buenos días|ciao|buongiorno|olá|oi|goedemorgen|cześć|dzień dobry|ahoj|dobrý den|hej|merhaba
привет|здравствуйте|привіт|مرحبا|שלום|你好|こんにちは
""")


def ends_as_question(message: str) -> bool:
    """Whether it ends in a question mark of any script."""
    return message.rstrip().endswith(_QUESTION_MARKS)


def begins_as_question(message: str) -> bool:
    """Whether its first word asks: `how`, `wann`, `когда`."""
    return plain(message).split(" ")[0] in _ASKING


def wishes(message: str) -> bool:
    """Whether it says in so many words that the customer wants something: `I would like …`."""
    said = plain(message)
    return any(holds_words(said, phrase) for phrase in _WISHING)


def is_greeting(message: str) -> bool:
    """Whether it is a greeting and nothing besides."""
    return plain(message) in _GREETINGS
