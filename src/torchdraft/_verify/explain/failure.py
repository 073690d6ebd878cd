"""Where a program raised: the condition it asserts, the node of its graph, the line of the user's that made it."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch

from torchdraft._source.locations import is_framework
from torchdraft.model import Location

Kind = Literal["guard", "assertion", "operation", "call"]

SYMBOL = re.compile(r"\b(?:s|u|zf|zuf)\d+\b")
"""What torch calls the numbers it does not know."""

_RUNTIME = re.compile(r"Runtime assertion failed for expression (.*?)(?: on node '(\w+)')?$")
_GUARD = re.compile(r"Guard failed: (.*)")
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)\n(?:\s+(\S.*))?')


@dataclass(frozen=True, slots=True)
class Failure:
    """What a program's exception says."""

    kind: Kind
    """`guard`: a condition on the inputs, checked first. `assertion`: one within the graph. `operation`: an operator
    could not compute. `call`: the arguments are not of the program's structure."""
    text: str
    """The exception in one line."""
    condition: str = ""
    """What the program asserts and the input breaks."""
    node: torch.fx.Node | None = None
    frames: tuple[Location, ...] = ()
    """The user's frames that the node comes from, outermost first."""

    @property
    def location(self) -> Location | None:
        """The user's innermost line."""
        return self.frames[-1] if self.frames else None

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols in the condition."""
        return frozenset(SYMBOL.findall(self.condition))


def failure_of(error: Exception) -> Failure:
    """Reads a program's exception."""
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
    """An exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".rstrip(": ")


def in_users_terms(condition: str) -> str:
    """`x.size()[0]` as `x.shape[0]`."""
    return condition.replace(".size()[", ".shape[")


def frames_of(node: torch.fx.Node) -> tuple[Location, ...]:
    """The user's frames in a node's stack trace, outermost first."""
    found = _FRAME.findall(node.meta.get("stack_trace") or "")
    return tuple(
        Location(file, int(line), function, source) for file, line, function, source in found if not is_framework(file)
    )


def _nodes(error: Exception) -> Iterator[torch.fx.Node]:
    """The nodes that were running, those of nested graphs last."""
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
    """Whether a node does nothing but check."""
    name = str(node.target)
    return "assert" in name or "sym_constrain_range" in name
