"""Unbound unbacked symbols: an operation's kernel or decomposition read a number and did not return it.

No node of the graph binds such a symbol, so no assertion can name it (upstream raises
`PendingUnbackedSymbolNotFound`). A symbol whose number was never used is dropped. For the others, the operations that
led to the number are written into the graph after the operation that read it, from its arguments, and the assertions
about the symbol are made about their result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy
import torch

from torchdraft._tape.tape import Handle, Operand, Record, Root, View
from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class UnboundSymbols:
    """The unbound symbols of a trace that still have to be bound in the graph."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.waiting: list[sympy.Symbol] = []

    def adopt(self, unbound: list[sympy.Symbol]) -> None:
        """Adds symbols that the node just written does not bind."""
        self.waiting.extend(unbound)

    def bind(self, args: Any, kwargs: Any) -> None:
        """Binds the symbols whose numbers were used, with the arguments of the operation that read them.

        To be called while the modes of the trace are active.
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
        """Replaces `symbol` by `number`, which the graph binds, in the assertions about it."""
        env = self.context.shape_env
        deferred = env.deferred_runtime_asserts.pop(symbol, [])
        fresh = number.node.expr
        if isinstance(fresh, sympy.Eq):
            fresh = fresh.lhs
        if not isinstance(fresh, sympy.Symbol):
            return
        env.real_tensor_prop_unbacked_vals[fresh] = env.real_tensor_prop_unbacked_vals[symbol]
        for assertion in deferred:
            env.guard_or_defer_runtime_assert(assertion.expr.xreplace({symbol: fresh}), assertion.msg)
        bounds = env.var_to_range.get(symbol)
        if not deferred and bounds is not None and fresh in env.var_to_range:
            value = env.real_tensor_prop_unbacked_vals[symbol]
            env.guard_or_defer_runtime_assert(sympy.Eq(fresh, value), "read inside an op")


class Emitter:
    """Writes the records between an operation's arguments and a symbol as operations of the program."""

    def __init__(self, context: TraceContext, tensors: list[torch.Tensor]) -> None:
        self.known: dict[tuple[int, int], torch.Tensor] = {}
        for tensor in tensors:
            handle = context.tape.handle(tensor)
            if handle is not None:
                self.known[id(handle), id(handle.cell.version)] = tensor

    def number(self, origin: Record) -> Any:
        """The number that the operation of `origin` read, as a scalar that the graph binds."""
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
