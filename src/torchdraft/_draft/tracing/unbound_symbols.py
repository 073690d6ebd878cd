"""Symbols born inside an op and gone when it returns: a kernel or a decomposition read data and kept the number.

Such a symbol is bound nowhere in the graph, so no assertion can name it (upstream stops with "pending unbacked
symbols"). If the number was never used it is forgotten. If it was, the few ops that led to it are written into the
graph after the op, from the op's own arguments, and what was assumed of the symbol is asserted of their result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy
import torch

from torchdraft._tape.tape import Handle, Operand, Record, Root, View
from torchdraft._torch.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

if TYPE_CHECKING:
    from .context import TraceContext


class UnboundSymbols:
    """Orphans of the trace that wait to be settled in the graph."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.waiting: list[sympy.Symbol] = []

    def adopt(self, unbound: list[sympy.Symbol]) -> None:
        """Takes symbols that the node just made does not bind."""
        self.waiting.extend(unbound)

    def settle(self, args: Any, kwargs: Any) -> None:
        """Writes the orphans whose numbers were used into the graph, from the arguments of the op they came from.

        Runs where the modes of the trace are active.
        """
        waiting, self.waiting = self.waiting, []
        emitter: Emitter | None = None
        for symbol in waiting:
            origin = self.context.reals.symbols.origins.get(symbol)
            if origin is None or symbol not in self.context.shape_env.real_tensor_prop_unbacked_vals:
                continue
            emitter = emitter or Emitter(self.context, tensors_in((args, kwargs)))
            self._reassert(symbol, emitter.number(origin))

    def _reassert(self, symbol: sympy.Symbol, number: Any) -> None:
        """Moves what was to be asserted of `symbol` over to `number`, which the graph binds."""
        env = self.context.shape_env
        held = env.deferred_runtime_asserts.pop(symbol, [])
        fresh = number.node.expr
        if isinstance(fresh, sympy.Eq):
            fresh = fresh.lhs
        if not isinstance(fresh, sympy.Symbol):
            return
        env.real_tensor_prop_unbacked_vals[fresh] = env.real_tensor_prop_unbacked_vals[symbol]
        for assertion in held:
            env.guard_or_defer_runtime_assert(assertion.expr.xreplace({symbol: fresh}), assertion.msg)
        bounds = env.var_to_range.get(symbol)
        if not held and bounds is not None and fresh in env.var_to_range:
            value = env.real_tensor_prop_unbacked_vals[symbol]
            env.guard_or_defer_runtime_assert(sympy.Eq(fresh, value), "read inside an op")


class Emitter:
    """Replays the records between an op's arguments and a symbol, as ops of the program."""

    def __init__(self, context: TraceContext, tensors: list[torch.Tensor]) -> None:
        self.known: dict[tuple[int, int], torch.Tensor] = {}
        for tensor in tensors:
            handle = context.tape.handle(tensor)
            if handle is not None:
                self.known[id(handle), id(handle.cell.version)] = tensor

    def number(self, origin: Record) -> Any:
        """The number that `origin` made, as a scalar the graph binds."""
        out = flat_outputs(self._run(origin))
        scalars = [o for o in out if isinstance(o, SYMBOLIC)]
        if scalars:
            return scalars[0]
        sizes = [s for o in out if isinstance(o, torch.Tensor) for s in o.shape if isinstance(s, torch.SymInt)]
        return sizes[0]

    def _run(self, record: Record) -> Any:
        args = [self._value(a) for a in record.args]
        kwargs = {name: self._value(v) for name, v in record.kwargs.items()}
        return record.func(*args, **kwargs)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Operand):
            return self._tensor(value.handle, value)
        if isinstance(value, (list, tuple)):
            made = [self._value(v) for v in value]
            return made if isinstance(value, list) else tuple(made)
        return value

    def _tensor(self, handle: Handle, operand: Operand) -> torch.Tensor:
        key = (id(handle), id(operand.version))
        if key in self.known:
            return self.known[key]
        if isinstance(handle, View):
            record = handle.record
            parent = self._tensor(handle.parent, operand)
            args = [
                parent if isinstance(a, Operand) and a.handle is handle.parent else self._value(a) for a in record.args
            ]
            made = flat_outputs(record.func(*args, **record.kwargs))[handle.index]
        elif isinstance(handle, Root) and operand.version.origin is not None:
            origin = operand.version.origin
            index = next(i for i, ref in enumerate(origin.products) if ref is not None and ref() is operand.version)
            made = flat_outputs(self._run(origin))[index]
        else:
            raise LookupError("an op read data that the graph does not hold")
        self.known[key] = made
        return made
