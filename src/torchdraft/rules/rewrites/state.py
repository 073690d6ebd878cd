"""An assignment to an attribute of a module, rewritten as a write to a buffer."""

from __future__ import annotations

import ast
import re

from torchdraft._source.syntax import parsed
from torchdraft.model import Location

_TENSOR = re.compile(r"(?P<dtype>[a-z]+\d*)\[(?P<shape>[\d, ]*)\]")


def as_buffer(location: Location, name: str, before: str, after: str) -> str:
    """The registration and the write, where the attribute held a tensor of the same dtype and shape; else empty.

    `before` and `after` describe the values: `float32[3]`.
    """
    match = _TENSOR.fullmatch(before)
    tree = parsed(location.file)
    if match is None or before != after or tree is None:
        return ""
    leaf = name.rpartition(".")[2]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign)) and node.lineno == location.line:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if len(targets) == 1 and ast.unparse(targets[0]) == f"self.{leaf}":
                value = node.value
                if isinstance(node, ast.AugAssign):
                    value = ast.BinOp(ast.Attribute(ast.Name("self"), leaf), node.op, node.value)
                return (
                    f'self.register_buffer("{leaf}", …)  # in __init__, in the place of self.{leaf} = …\n'
                    f"self.{leaf}.copy_({ast.unparse(value)})"
                )
    return ""
