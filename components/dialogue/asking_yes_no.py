"""Yes and no, in the languages that customers write."""

from __future__ import annotations

from components.dialogue.asking_words import holds_words, phrases, plain

# These mean it also where more follows: `yes, that one`.
_FIRST_YES = phrases("""
yes|yep|yeah|yup|ja|jawohl|oui|sí|sim|tak|ano|jo|evet|да|так|نعم|כן|是的|はい
""")
_FIRST_NO = phrases("""
no|nope|nein|non|não|nee|nie|ne|nej|hayır|нет|ні|لا|לא|いいえ
""")
# These only where they are all that is said.
_YES = _FIRST_YES | phrases("""
y|sure|ok|okay|correct|right|exactly|of course|go ahead|please do|do it|that is right|that's right|sounds good|fine
that is correct|that's correct|genau|richtig|stimmt|klar|gerne|natürlich|in ordnung|passt
ouais|d'accord|bien sûr|exact|exactement|tout à fait|claro|correcto|vale|de acuerdo|por supuesto|exacto
certo|esatto|va bene|d'accordo|está bem|isso|jazeker|klopt|akkoord|natuurlijk|zgadza się|oczywiście|dobrze|jistě|správně
japp|javisst|stämmer|jep|det stemmer|tamam|doğru|tabii|верно|конечно|хорошо|ага|авжеж|звичайно|добре
أجل|صحيح|موافق|בטח|נכון|בסדר|是|好|好的|对|對|对的|對的|没错|可以|ええ|うん|そうです|お願いします
""")
_NO = _FIRST_NO | phrases("""
n|nah|not really|no way|wrong|that is wrong|that's wrong|incorrect|nö|falsch|stimmt nicht|auf keinen fall
pas du tout|para nada|per niente|sbagliato|errado|klopt niet|nieprawda|špatně|fel|forkert|yanlış|неверно|неправильно
كلا|خطأ|ממש לא|不|不是|不对|不對|否|不要|いや|違います
""")
MOST_WORDS_AFTER = 8
# Without the tone of skin and the sign that asks for colour.
_THUMBS = {"👍": True, "👌": True, "✅": True, "👎": False, "❌": False}
_NO_PART = dict.fromkeys([0xFE0F, *range(0x1F3FB, 0x1F400)])


def yes_or_no(text: str) -> bool | None:
    """True, False, or None where it says neither, or both."""
    said = plain(text)
    if not said:
        return _THUMBS.get(text.translate(_NO_PART).strip())
    if said in _YES:
        return True
    if said in _NO:
        return False
    first, _, rest = said.partition(" ")
    if len(rest.split()) > MOST_WORDS_AFTER:
        return None
    for firsts, opposite, meaning in ((_FIRST_YES, _FIRST_NO, True), (_FIRST_NO, _FIRST_YES, False)):
        if first in firsts and not any(holds_words(rest, word) for word in opposite):
            return meaning
    return None


def is_bare_yes_or_no(text: str) -> bool:
    """Whether it says yes or no and nothing besides."""
    said = plain(text)
    return said in _YES or said in _NO or (not said and yes_or_no(text) is not None)
