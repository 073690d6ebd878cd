"""Finds and applies comments `# torchdraft: ignore[TD101] reason` in the user's source."""

from __future__ import annotations

import io
import linecache
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torchdraft.model import Issue, Location
from torchdraft.model.check import Remark, Suppression
from torchdraft.rules import rule_named

FORM = "# torchdraft: ignore[TD101] reason"

_IGNORE = re.compile(r"#\s*torchdraft:\s*ignore\b(?:\s*\[(?P<rules>[^\]]*)\])?(?P<reason>.*?)(?:\s#\s.*)?$")


@dataclass(frozen=True, slots=True)
class IgnoreComment:
    """One ignore comment of a file."""

    location: Location
    covers: int
    """The line to which it applies: its own, or the next line of code if the comment has a line to itself."""
    rules: tuple[str, ...]
    """Codes and names of rules, as written."""
    reason: str

    def names(self, code: str) -> str | None:
        """The code or name, as written, by which the comment names the rule, or None."""
        return next((text for text in self.rules if (rule := rule_named(text)) and rule.code == code), None)

    def __str__(self) -> str:
        return f"ignore[{', '.join(self.rules)}]"


def ignore_comments(file: str) -> tuple[IgnoreComment, ...]:
    """The ignore comments of a file, from top to bottom; none if its source cannot be read."""
    try:
        lines = linecache.getlines(file)
    except ValueError:  # the file name contains a NUL character
        lines = []
    found = ((token, _IGNORE.search(token.string)) for token in _comments(lines))
    return tuple(_parsed(file, token, match, lines) for token, match in found if match)


class Comments:
    """The ignore comments of every file that has issues, and which of them matched an issue."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[IgnoreComment, ...]] = {}
        self._used: set[tuple[IgnoreComment, str]] = set()

    def suppress(self, issue: Issue) -> Suppression | None:
        """The suppression by a comment on the issue's line, or on the line of the user's code that led there."""
        lines = dict.fromkeys(filter(None, (issue.location, issue.own_location)))
        for comment in [comment for line in lines for comment in self._covering(line)]:
            if text := comment.names(issue.code):
                self._used.add((comment, text))
                return Suppression(by="comment", reason=comment.reason, location=comment.location)
        return None

    def remarks(self, *, unused: bool = True) -> tuple[Remark, ...]:
        """Warnings about the comments of all files so far. `unused`: also about those that matched no issue, which
        another target of the project may need.
        """
        known = (comment for comments in self._files.values() for comment in comments)
        return tuple(remark for comment in known for remark in self._remarks(comment, unused=unused))

    def _covering(self, line: Location) -> Iterator[IgnoreComment]:
        if line.file not in self._files:
            self._files[line.file] = ignore_comments(line.file)
        return (comment for comment in self._files[line.file] if comment.covers == line.line)

    def _remarks(self, comment: IgnoreComment, *, unused: bool) -> Iterator[Remark]:
        if not comment.rules:
            yield _remark(comment, f"the comment names no rule, so it ignores nothing; write {FORM}")
            return
        if not comment.reason:
            yield _remark(comment, f"{comment} gives no reason; write {FORM}")
        for text in comment.rules:
            if rule_named(text) is None:
                yield _remark(comment, f"{comment}: there is no rule {text!r}; `torchdraft rules` lists them")
            elif unused and (comment, text) not in self._used:
                yield _remark(comment, f"{comment}: the checked targets have no {text} on line {comment.covers}")


def _comments(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    """The comment tokens. If the source is not valid Python, those before the error."""
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            if token.type == tokenize.COMMENT:
                yield token
    except (tokenize.TokenError, SyntaxError):
        return


def _parsed(file: str, token: tokenize.TokenInfo, match: re.Match[str], lines: Sequence[str]) -> IgnoreComment:
    line, start = token.start
    source = lines[line - 1].rstrip("\r\n")
    location = Location(file, line, source=source, column=start + match.start(), end_column=token.end[1])
    rules = tuple(text for part in (match["rules"] or "").split(",") if (text := part.strip()))
    alone = not source[:start].strip()
    covers = _next_code_line(lines, line) if alone else line
    return IgnoreComment(location, covers, rules, match["reason"].strip().removeprefix(":").strip())


def _next_code_line(lines: Sequence[str], line: int) -> int:
    """The number of the next line that is not a comment: several comments can apply to one line."""
    while line < len(lines) and lines[line].lstrip().startswith("#"):
        line += 1
    return line + 1


def _remark(comment: IgnoreComment, message: str) -> Remark:
    return Remark(message=message, location=comment.location)
