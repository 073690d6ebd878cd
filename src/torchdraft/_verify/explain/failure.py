"""Parses an exception of a program: the failed condition, the node of the graph, the user's line behind it."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch

from torchdraft._source.locations import user_frames_of_text
from torchdraft.model import Location

Kind = Literal["guard", "assertion", "operation", "call"]

SYMBOL = re.compile(r"\b(?:s|u|zf|zuf)\d+\b")
"""Names of symbols, as they appear in messages of torch."""

_RUNTIME = re.compile(r"Runtime assertion failed for expression (.*?)(?: on node '(\w+)')?$")
_GUARD = re.compile(r"Guard failed: (.*)")


@dataclass(frozen=True, slots=True)
class Failure:
    """The parsed exception of a program."""

    kind: Kind
    """`guard`: a condition on the inputs failed. `assertion`: an assertion in the graph failed. `operation`: an
    operator raised. `call`: the arguments do not have the structure of the program's inputs.
    """
    text: str
    """The exception as one line."""
    condition: str = ""
    """The failed condition."""
    node: torch.fx.Node | None = None
    frames: tuple[Location, ...] = ()
    """The user's frames in the stack trace of the node, outermost first."""

    @property
    def location(self) -> Location | None:
        """The innermost frame of the user."""
        return self.frames[-1] if self.frames else None

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols in the condition."""
        return frozenset(SYMBOL.findall(self.condition))


def failure_of(error: Exception) -> Failure:
    """Parses the exception of a program."""
    text = described(error)
    message = str(error)
    if guard := _GUARD.search(message):
        return Failure("guard", text, in_users_terms(guard[1].strip()))
    nodes = list(_nodes(error))
    if not nodes:
        return Failure("call", text)
    node = nodes[-1]
    frames = next((found for each in reversed(nodes) if (found := frames_of(each))), ())
    asserted = _RUNTIME.search(message.splitlines()[0]) if message else None
    if asserted or _asserts(node):
        return Failure("assertion", text, asserted[1] if asserted else message.splitlines()[0], node, frames)
    return Failure("operation", text, "", node, frames)


def described(error: BaseException) -> str:
    """An exception as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".rstrip(": ")


def in_users_terms(condition: str) -> str:
    """Replaces `x.size()[0]` by `x.shape[0]`."""
    return condition.replace(".size()[", ".shape[")


def frames_of(node: torch.fx.Node) -> tuple[Location, ...]:
    """The user's frames in the stack trace of a node, outermost first."""
    return user_frames_of_text(node.meta.get("stack_trace") or "")


def _nodes(error: Exception) -> Iterator[torch.fx.Node]:
    """The nodes that were running when the exception was raised, those of nested graphs last."""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        owner: Any = frame.f_locals.get("self")
        if isinstance(owner, torch.fx.GraphModule) and frame.f_code.co_filename.startswith("<eval_with_key>"):
            line = linecache.getline(frame.f_code.co_filename, traceback.tb_lineno)
            name = line.strip().partition(" = ")[0].split(":")[0]
            yield from (node for node in owner.graph.nodes if node.name == name)
        traceback = traceback.tb_next


def _asserts(node: torch.fx.Node) -> bool:
    """True if a node only checks a condition."""
    name = str(node.target)
    return "assert" in name or "sym_constrain_range" in name
