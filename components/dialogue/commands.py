"""What a customer can ask for from anywhere: a person, a fresh start, to leave what was begun."""

from __future__ import annotations

import re
from typing import Literal

from components.core.nlu import Understanding
from components.dialogue.asking_questions import begins_as_question, ends_as_question
from components.dialogue.asking_words import phrases, plain

Command = Literal["human", "start_over", "cancel"]
DENIAL = "deny"


_HUMAN = phrases("""
human|a human|agent|a person|real person|human please|agent please|talk to a human|speak to a human|talk to a person
speak to a person|speak to an agent|talk to an agent|talk to someone|i want to talk to a human|i want a human
i want to speak to a human|i want to speak to someone|can i talk to a human|can i speak to a human|live agent
mensch|mitarbeiter|ein mensch bitte|mit einem menschen sprechen|mit einem mitarbeiter sprechen
ich möchte mit einem menschen sprechen|ich möchte mit einem mitarbeiter sprechen
parler à un humain|parler à un conseiller|un humain|un conseiller|je veux parler à un humain|je veux parler à quelqu'un
hablar con una persona|hablar con un agente|un agente|quiero hablar con una persona|quiero hablar con un agente
parlare con un operatore|un operatore|operatore|voglio parlare con un operatore|voglio parlare con una persona
falar com uma pessoa|falar com um atendente|atendente|quero falar com uma pessoa|medewerker|met een medewerker spreken
ik wil een medewerker spreken|konsultant|rozmowa z konsultantem|chcę rozmawiać z człowiekiem|operátor
chci mluvit s člověkem|prata med en människa|tale med et menneske|temsilci|müşteri temsilcisi|оператор|человек
позовите оператора|хочу поговорить с человеком|людина|хочу поговорити з людиною|موظف|أريد التحدث مع موظف
נציג|נציג אנושי|אני רוצה לדבר עם נציג|人工|人工客服|转人工|オペレーター|担当者と話したい
""")
# These do inside a sentence too; shorter ones would be found in harmless ones: `human resources`, `are you human`.
_KINDS = r"(?:(?:real|live|actual|human) )"
_SOMEBODY = rf"(?:an? |some ?)?(?:{_KINDS}*(?:human|person|being|agent|operator|representative)|one|body|colleague)"
_OTHERWISE = r"(?! (?:resources?|errors?|readable|rights|sized?|factors?|seats?|roles?|licen[cs]es?)\b)"
_HUMAN_INSIDE = re.compile(
    r"\b(?:"
    + "|".join(sorted(phrase for phrase in _HUMAN if phrase.count(" ") >= 2))
    + rf"|(?:talk|speak|connect me|transfer me|put me through) (?:to|with) {_SOMEBODY}"
    + rf"|(?:need|want|get me|give me|prefer) an? (?:{_KINDS}*human|{_KINDS}+(?:being|person|agent|operator))"
    + rf"|(?:human|agent|operator) please)\b{_OTHERWISE}"
)
_OTHER_HUMANS = re.compile(
    r"\bhuman (?:resources?|errors?|readable|rights|sized?|factors?)\b"
    r"|\b(?:agent|operator) (?:seats?|roles?|licen[cs]es?)\b"
)
_NOT_BEFORE = re.compile(
    r"\b(?:dont|do not|doesnt|does not|didnt|did not|wont|never|without|no need|rather not)(?: \w+){0,2} $|\bno $"
)
_CLAUSES = re.compile(r"[,.;:!?\n]+|\s-+\s")
_START_OVER = phrases("""
start over|restart|start again|begin again|start from the beginning|neu anfangen|neu starten|von vorne|nochmal von vorne
recommencer|repartir à zéro|empezar de nuevo|volver a empezar|ricominciare|ricomincia|recomeçar|começar de novo
opnieuw beginnen|zacznij od nowa|od nowa|začít znovu|znovu od začátku|börja om|start forfra|baştan başla
начать сначала|начать заново|почати спочатку|ابدأ من جديد|להתחיל מחדש|重新开始|最初から|やり直す
""")
_CANCEL = phrases("""
cancel|cancel that|cancel this|never mind|nevermind|forget it|forget about it|stop|stop it|quit|abort|leave it
abbrechen|abbruch|vergiss es|schon gut|stopp|annuler|laisse tomber|laissez tomber|oublie|oubliez
cancelar|olvídalo|déjalo|annulla|lascia stare|lascia perdere|esquece|deixa pra lá|annuleren|laat maar|anuluj|nieważne
zrušit|nech to být|avbryt|glöm det|annuller|glem det|iptal|boş ver|vazgeç|отмена|отменить
скасувати|إلغاء|ביטול|עזוב|取消|算了|キャンセル|やめる
""")


# These around a command leave it one: `no, cancel that please`.
_AROUND = phrases("please|pls|no|nope|ok|okay|actually|wait|sorry|thanks|now|just|bitte|danke|nein|merci|non")
_UNWANTED = (
    r"(?<!you )(?<!they )\b(?:dont|do not|never|wont|will not)(?: want you)?"
    r"(?: (?:want|need|wish|like|really|to|for|a|an|any|the|my|your|it|another|talk|speak|real)){0,6} "
)


def command_of(message: str, understanding: Understanding | None, *, sure: float = 0.0) -> Command | None:
    """The command that a message is, by its words or by what was understood; None where it is none.

    A person is asked for inside a sentence too, all else by the whole of it or, to leave, by what comes first. sure:
    the confidence from which an intent counts, where that is more than its threshold; words always do.
    """
    said = plain(message)
    meant = understanding if understanding is not None and understanding.understood else None
    asks_about_it = meant is not None and meant.intent == "faq" and begins_as_question(message)
    if said in _HUMAN or (not asks_about_it and any(_persons(message))):
        return "human"
    if said in _START_OVER:
        return "start_over"
    if _leaves(message):
        return "cancel"
    if meant is not None and meant.confidence >= sure and not contradicted(message, meant.intent):
        if meant.intent == "human":
            return "human"
        if meant.intent == "start_over":
            return "start_over"
    return None


def contradicted(message: str, intent: str | None) -> bool:
    """Whether the message says that it does not want what the intent is, or only sounds like it: `I don't want a
    refund`, `human resources`. The first word of the intent stands for it; English only."""
    if not intent:
        return False
    said = plain(message)
    word = "(?:human|person|agent|someone|anyone)" if intent == "human" else re.escape(plain(intent).split(" ")[0])
    if re.search(rf"{_UNWANTED}{word}(?:s|ing)?\b", said):
        return intent != "human" or not any(_persons(message))
    if intent != "human" or said in _HUMAN:
        return False
    persons = _persons(message)
    return not any(persons) and (bool(persons) or _OTHER_HUMANS.search(said) is not None)


def _persons(message: str) -> list[bool]:
    """For each wish for a person in the message: whether it is one, or a negated one."""
    return [
        _NOT_BEFORE.search(clause[: found.start()]) is None
        for clause in map(plain, _CLAUSES.split(message))
        for found in _HUMAN_INSIDE.finditer(clause)
    ]


def _leaves(message: str) -> bool:
    """`cancel`, `stop please`; `forget it, it works again`, but not `never mind, where is my order?`."""
    if _bare(plain(message)) in _CANCEL:
        return True
    first, *rest = [clause for clause in map(plain, _CLAUSES.split(message)) if clause] or [""]
    asks = ends_as_question(message) or any(map(begins_as_question, rest))
    return " " in _bare(first) and _bare(first) in _CANCEL and not asks


def _bare(said: str) -> str:
    words = said.split()
    while words and words[0] in _AROUND:
        words.pop(0)
    while words and words[-1] in _AROUND:
        words.pop()
    return " ".join(words)
