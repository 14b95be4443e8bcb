"""Reads a SQL statement piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_runtime.notebook.statements import tokens
from bricklane_runtime.pipelines.model import PipelineError


@dataclass(frozen=True, slots=True)
class Piece:
    """A token that counts.

    Args:
        kind: as in ``statements.TOKEN``.
        text: as it was written.
        start: position of its first character.
        stop: position behind its last character.
    """

    kind: str
    text: str
    start: int
    stop: int


class Cursor:
    """A position in a statement.

    Args:
        text: the statement.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0
        self._pieces: list[Piece] = []
        position = 0
        for token in tokens(text):
            stop = position + len(token.text)
            if token.kind not in ("space", "comment"):
                self._pieces.append(Piece(token.kind, token.text, position, stop))
            position = stop

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._pieces)

    @property
    def piece(self) -> Piece:
        """The next piece; an empty one at the end."""
        end = Piece("", "", len(self.text), len(self.text))
        return end if self.ended else self._pieces[self._at]

    def sees(self, *words: str) -> bool:
        """Say whether the next pieces are these words or signs, in letters of any case."""
        pieces = self._pieces[self._at : self._at + len(words)]
        found = [piece.text.upper() for piece in pieces if piece.kind != "text"]
        return found == list(words)

    def take(self, *words: str) -> bool:
        """Pass these words if they are next; say whether they were."""
        if not self.sees(*words):
            return False
        self._at += len(words)
        return True

    def pass_one(self) -> None:
        """Pass the next piece."""
        self._at += 1

    def expect(self, *words: str) -> None:
        """Pass these words.

        Raises:
            PipelineError: something else is next.
        """
        if not self.take(*words):
            raise self.error(f"{' '.join(words)} is missing")

    def error(self, problem: str) -> PipelineError:
        """Return the error of a statement that cannot be read from here on."""
        rest = self.text[self.piece.start :].strip()
        near = " ".join(rest.split())[:60] or "end of the statement"
        return PipelineError(f"[PARSE_SYNTAX_ERROR] Syntax error at or near '{near}': {problem}")

    def name(self) -> str:
        """Pass a name of one or more parts and return its text.

        Raises:
            PipelineError: there is none.
        """
        start = self.piece.start
        stop = start
        while True:
            if self.piece.kind not in ("name", "word"):
                raise self.error("a name is missing")
            stop = self.piece.stop
            self._at += 1
            if not self.take("."):
                return self.text[start:stop]

    def string(self) -> str:
        """Pass a text in quotes and return it.

        Raises:
            PipelineError: there is none.
        """
        piece = self.piece
        if piece.kind != "text":
            raise self.error("a text in quotes is missing")
        self._at += 1
        inner = piece.text[1:-1]
        escapes = {"n": "\n", "t": "\t", "r": "\r"}
        out, letters = [], iter(inner)
        for letter in letters:
            following = next(letters, "") if letter == "\\" else letter
            out.append(escapes.get(following, following) if letter == "\\" else letter)
        return "".join(out)

    def parentheses(self) -> str:
        """Pass what is in parentheses and return it.

        Raises:
            PipelineError: there are none, or they do not end.
        """
        self.expect("(")
        start, depth = self.piece.start, 1
        while not self.ended:
            piece = self.piece
            depth += {"(": 1, ")": -1}.get(piece.text, 0)
            self._at += 1
            if depth == 0:
                return self.text[start : piece.start].strip()
        raise self.error("a parenthesis is not closed")

    def until(self, *ends: tuple[str, ...]) -> str:
        """Pass everything up to one of some words outside of parentheses, and return it."""
        start, stop, depth = self.piece.start, self.piece.start, 0
        while not self.ended and not (depth == 0 and any(self.sees(*end) for end in ends)):
            depth += {"(": 1, ")": -1}.get(self.piece.text, 0)
            stop = self.piece.stop
            self._at += 1
        return self.text[start:stop]

    def rest(self) -> str:
        """Pass everything that is left and return it."""
        return self.until()


def items(text: str) -> list[str]:
    """Return the parts of a list that commas outside of parentheses separate."""
    cursor = Cursor(text)
    found = []
    while not cursor.ended:
        found.append(cursor.until((",",)))
        cursor.take(",")
    return found
