"""Guards on the strides and the offset of inputs, and on sparse ones, for the programs that torch makes of a program.

`ExportedProgram` takes the guards that its `module()` checks from the shape environment of its fake tensors, which a
decomposed program shares.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import sympy
import torch

from ..probe import need

_shape_env_of: Any = need("torch.export.exported_program:_get_shape_env")
_ShapeGuard: Any = need("torch._guards:ShapeGuard")
_Location: Any = need("torch._guards:SLoc")
_Local: Any = need("torch._dynamo.source:LocalSource")
_Chained: Any = need("torch._dynamo.source:ChainedSource")
_Item: Any = need("torch._dynamo.source:GetItemSource")
_Property: Any = need("torch._dynamo.source:TensorPropertySource")
_Which: Any = need("torch._dynamo.source:TensorProperty")
_INPUTS = "flat_args"
"""torch's name for the flattened inputs, which it replaces by those of the signature."""


def guard_layout(program: torch.export.ExportedProgram, position: int, dim: int | None, value: Any) -> None:
    """Adds the guard that the stride along `dim` of an input, or its offset for None, is `value`, a number or a
    symbolic number. `position` is its place among the flattened inputs.

    The program itself does not check it, since it was constructed before.
    """
    env = _shape_env_of(program.graph_module)
    which = _Which.STORAGE_OFFSET if dim is None else _Which.STRIDE
    source = _Property(_Item(_Local(_INPUTS), position), which, dim)
    symbol = sympy.Symbol(f"input_{position}_{'offset' if dim is None else f'stride_{dim}'}", integer=True)
    if env is None or symbol in env.var_to_sources:
        return
    env.var_to_sources[symbol] = [source]
    expr = value.node.expr if isinstance(value, torch.SymInt) else sympy.Integer(value)
    env.guards.append(_ShapeGuard(sympy.Eq(symbol, expr), _Location(None, None), size_oblivious=False))


def guard_sparse(program: torch.export.ExportedProgram, position: int, method: str, value: int) -> None:
    """Adds the guard that a method of a sparse input (`_nnz`, `sparse_dim`) returns `value`, as `guard_layout` adds one
    on a stride.
    """
    env = _shape_env_of(program.graph_module)
    symbol = sympy.Symbol(f"input_{position}_{method}", integer=True)
    if env is None or symbol in env.var_to_sources:
        return
    env.var_to_sources[symbol] = [_Answer(_Item(_Local(_INPUTS), position), method)]
    env.guards.append(_ShapeGuard(sympy.Eq(symbol, sympy.Integer(value)), _Location(None, None), size_oblivious=False))


@dataclass(frozen=True)
class _Answer(_Chained):
    """What a method of an input returns."""

    method: str

    @functools.cached_property
    def _name_template(self) -> str:
        return f"{{0}}.{self.method}()"

    def reconstruct(self, codegen: Any) -> None:
        raise NotImplementedError  # only Dynamo compiles guards
