"""What a customer can ask for from anywhere: a person, a fresh start, to leave what was begun."""

from __future__ import annotations

from typing import Literal

from components.core.nlu import Understanding
from components.dialogue.asking_words import holds_words, plain

Command = Literal["human", "start_over", "cancel"]
DENIAL = "deny"


def _phrases(text: str) -> frozenset[str]:
    return frozenset(plain(phrase) for line in text.split("\n") for phrase in line.split("|")) - {""}


_HUMAN = _phrases("""
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
# Without an engine of understanding these do inside a sentence too; shorter ones would be found in harmless ones.
_HUMAN_INSIDE = frozenset(phrase for phrase in _HUMAN if phrase.count(" ") >= 2)
_START_OVER = _phrases("""
start over|restart|start again|begin again|start from the beginning|neu anfangen|neu starten|von vorne|nochmal von vorne
recommencer|repartir à zéro|empezar de nuevo|volver a empezar|ricominciare|ricomincia|recomeçar|começar de novo
opnieuw beginnen|zacznij od nowa|od nowa|začít znovu|znovu od začátku|börja om|start forfra|baştan başla
начать сначала|начать заново|почати спочатку|ابدأ من جديد|להתחיל מחדש|重新开始|最初から|やり直す
""")
_CANCEL = _phrases("""
cancel|cancel that|cancel this|never mind|nevermind|forget it|forget about it|stop|stop it|quit|abort|leave it
abbrechen|abbruch|vergiss es|schon gut|stopp|annuler|laisse tomber|laissez tomber|oublie|oubliez
cancelar|olvídalo|déjalo|annulla|lascia stare|lascia perdere|esquece|deixa pra lá|annuleren|laat maar|anuluj|nieważne
zrušit|nech to být|avbryt|glöm det|annuller|glem det|iptal|boş ver|vazgeç|отмена|отменить
скасувати|إلغاء|ביטול|עזוב|取消|算了|キャンセル|やめる
""")


def command_of(message: str, understanding: Understanding | None, *, sure: float = 0.0) -> Command | None:
    """The command that a whole message is, by its words or by what was understood; None where it is none.

    sure: the confidence from which an intent counts, where that is more than its threshold; words always do.
    """
    said = plain(message)
    if said in _HUMAN or (understanding is None and any(holds_words(said, phrase) for phrase in _HUMAN_INSIDE)):
        return "human"
    if said in _START_OVER:
        return "start_over"
    if said in _CANCEL:
        return "cancel"
    if understanding is not None and understanding.understood and understanding.confidence >= sure:
        if understanding.intent == "human":
            return "human"
        if understanding.intent == "start_over":
            return "start_over"
    return None
