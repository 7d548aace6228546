"""Reads expressions: a Pratt parser (V. Pratt, Top down operator precedence, 1973) over a part of JavaScript's."""

from __future__ import annotations

from functools import lru_cache

from components.agents.workflows.expression_syntax import (
    Binary,
    Call,
    Chain,
    Choice,
    Expression,
    ListOf,
    Literal,
    Member,
    ObjectOf,
    Root,
    Unary,
    children,
    fault,
)
from components.agents.workflows.expression_words import Word, words_of

LONGEST = 4000
# Brackets within brackets; and operators over operators, a + b + c … among them.
DEEPEST_BRACKETS, DEEPEST = 40, 80
_BINDS = {
    "??": 1, "||": 2, "&&": 3,
    "==": 4, "!=": 4, "===": 4, "!==": 4,
    "<": 5, "<=": 5, ">": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
}  # fmt: skip
_VALUES = {"true": True, "false": False, "null": None, "undefined": None}


@lru_cache(maxsize=4096)
def read_expression(text: str) -> Expression:
    """The expression, without braces round it. Raises InvalidWorkflow with the place of the fault."""
    words, _ = words_of(text)
    return parse(text, words)


def parse(text: str, words: tuple[Word, ...], start: int = 0) -> Expression:
    """The expression that the words of `text` from `start` on make. Raises InvalidWorkflow."""
    if words[-1].at - start > LONGEST:
        raise fault(text[start:], LONGEST, f"it has more than {LONGEST} characters")
    reader = _Reader(text[start : words[-1].at], words, start)
    found = reader.choice()
    reader.expect("end")
    return found


class _Reader:
    def __init__(self, text: str, words: tuple[Word, ...], start: int) -> None:
        self._text, self._words, self._start = text, words, start
        self._next, self._within = 0, 0
        # By identity; an expression that is made is kept, so that no other takes its place in memory.
        self._depths: dict[int, int] = {}
        self._kept: list[Expression] = []

    def choice(self) -> Expression:
        """A whole expression, the operator `? :` among it."""
        self._within += 1
        if self._within > DEEPEST_BRACKETS:
            raise self._fault(self._word, f"it is nested deeper than {DEEPEST_BRACKETS} levels")
        test = self._binary(0)
        word = self._word
        if self._take("?"):
            then = self.choice()
            self.expect(":")
            test = self._made(Choice(self._at(word), test, then, self.choice()), word)
        self._within -= 1
        return test

    def expect(self, sign: str) -> Word:
        word = self._word
        if word.value != sign and not (sign == "end" and word.kind == "end"):
            raise self._fault(word, f"{word.value!r} is not expected here")
        return self._step()

    def _binary(self, least: int) -> Expression:
        left = self._unary()
        while (sign := self._sign()) is not None and _BINDS.get(sign, 0) > least:
            word = self._step()
            right = self._binary(_BINDS[sign])
            left = self._made(Binary(self._at(word), sign, left, right), word)
        return left

    def _unary(self) -> Expression:
        signs = []
        while self._sign() in ("!", "-", "+"):
            signs.append(self._step())
        found = self._postfix()
        for word in reversed(signs):
            found = self._made(Unary(self._at(word), word.value, found), word)
        return found

    def _postfix(self) -> Expression:
        found, first, maybe = self._primary(), self._word, False
        while (sign := self._sign()) in (".", "?.", "[", "("):
            word = self._step()
            at = self._at(word)
            if sign == "(":
                found = self._made(Call(at, found, self._until(")")), word)
                continue
            maybe = maybe or sign == "?."
            if sign == "[" or (sign == "?." and self._take("[")):
                key = self.choice()
                self.expect("]")
            else:
                name = self._step()
                if name.kind != "name":
                    raise self._fault(name, f"a name is expected after {sign}")
                key = Literal(self._at(name), name.value)
            found = self._made(Member(at, found, key, sign == "?."), word)
        return self._made(Chain(found.at, found), first) if maybe else found

    def _primary(self) -> Expression:
        word = self._step()
        at = self._at(word)
        if word.kind == "literal":
            return Literal(at, word.value)
        if word.kind == "name":
            return Literal(at, _VALUES[word.value]) if word.value in _VALUES else Root(at, word.value)
        if word.value == "(":
            found = self.choice()
            self.expect(")")
            return found
        if word.value == "[":
            return self._made(ListOf(at, self._until("]")), word)
        if word.value == "{":
            return self._made(ObjectOf(at, self._fields()), word)
        raise self._fault(
            word, "the expression ends too early" if word.kind == "end" else f"{word.value!r} is not expected here"
        )

    def _until(self, end: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self._take(end):
            if found:
                self.expect(",")
                if self._take(end):
                    break
            found.append(self.choice())
        return tuple(found)

    def _fields(self) -> tuple[tuple[str, Expression], ...]:
        found: list[tuple[str, Expression]] = []
        while not self._take("}"):
            if found:
                self.expect(",")
                if self._take("}"):
                    break
            name = self._step()
            if name.kind != "name" and not (name.kind == "literal" and isinstance(name.value, str)):
                raise self._fault(name, "the name of a field is expected")
            self.expect(":")
            found.append((name.value, self.choice()))
        return tuple(found)

    @property
    def _word(self) -> Word:
        return self._words[self._next]

    def _sign(self) -> str | None:
        return self._word.value if self._word.kind == "sign" else None

    def _step(self) -> Word:
        word = self._word
        self._next = min(self._next + 1, len(self._words) - 1)
        return word

    def _take(self, sign: str) -> bool:
        if self._sign() != sign:
            return False
        self._step()
        return True

    def _at(self, word: Word) -> int:
        return word.at - self._start

    def _made(self, expression: Expression, word: Word) -> Expression:
        """Whoever walks the tree goes no deeper than this allows, chains such as a + b + c … among it."""
        depth = 1 + max((self._depths.get(id(child), 0) for child in children(expression)), default=0)
        if depth > DEEPEST:
            raise self._fault(word, f"it is nested deeper than {DEEPEST} levels")
        self._depths[id(expression)] = depth
        self._kept.append(expression)
        return expression

    def _fault(self, word: Word, why: str) -> Exception:
        return fault(self._text, self._at(word), why)
