"""Reads operands: re-runs the views of a root and replaces operands and symbols in arguments by real values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.op_schema import signature_of
from torchdraft._tape.tape import Handle, Operand, Root, Unknown, Version, View, Window
from torchdraft._torch.script_objects import FakeScriptObject, copied_real_object
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft._torch.tensors.storage import window

from .rng_replay import RngReplay
from .symbol_values import SymbolValues

Roots = dict[Version, torch.Tensor]
"""Copies to read instead of the values of some versions: the operator that runs may write to them."""


class Reader:
    """Reads values that are available; computes nothing but views."""

    def __init__(
        self, symbols: SymbolValues, randomness: RngReplay, surrogate: Callable[[torch.Tensor], torch.Tensor]
    ) -> None:
        self._symbols = symbols
        self._randomness = randomness
        self._surrogate = surrogate
        """Returns the tensor to use for a weight without data."""
        self.objects: dict[int, Any] = {}
        """Identity of a fake TorchBind object → the copy of the real one that the current run uses."""

    def root(self, version: Version) -> torch.Tensor:
        """The real tensor of a version."""
        real = version.value()
        if real is None:
            raise NoRealValue("a value was dropped while its slice ran")
        if isinstance(real, FakeTensor) or real.device.type == "meta":
            return self._surrogate(real)
        return real

    def read(self, handle: Handle, version: Version, roots: Roots | None = None) -> torch.Tensor:
        """The real tensor that `handle` describes at `version`."""
        root = roots.get(version) if roots else None
        if isinstance(handle, View):
            return self.view(handle, self.read(handle.parent, version, roots))
        if root is None and isinstance(handle, Window) and version.origin is None:
            return handle.tensor.detach()
        if root is None:
            root = self.root(version)
        if isinstance(handle, Root) or root.layout is not torch.strided:  # a sparse tensor has no storage to view
            return root.detach() if root.requires_grad else root
        return window(root.untyped_storage(), handle.tensor)

    def view(self, handle: View, parent: torch.Tensor) -> torch.Tensor:
        """Re-runs the view op on the value of the parent."""
        record = handle.record
        first = True
        args = []
        for argument in record.args:
            if isinstance(argument, Operand) and first and argument.handle is handle.parent:
                args.append(parent)
                first = False
            else:
                args.append(self.concrete(argument, {}))
        kwargs = {name: self.concrete(v, {}) for name, v in record.kwargs.items()}
        if signature_of(record.func).changes_metadata:  # on an alias, so that the parent keeps its shape
            args[0] = args[0].detach()
        try:
            return flat_outputs(record.func(*args, **kwargs))[handle.index]
        except Exception as error:
            raise NoRealValue(f"{record.func} failed on real values: {error}") from error

    def concrete(self, value: Any, roots: Roots) -> Any:
        """An argument with every operand, symbol and generator replaced by the real one."""
        if isinstance(value, Operand):
            return self.read(value.handle, value.version, roots)
        if isinstance(value, SYMBOLIC):
            return self._symbols.concrete(value)
        if isinstance(value, (list, tuple)):
            made = [self.concrete(v, roots) for v in value]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, dict):
            return {k: self.concrete(v, roots) for k, v in value.items()}
        if isinstance(value, Unknown):
            raise NoRealValue(value.description)
        if isinstance(value, FakeScriptObject):
            return self._object(value)
        if isinstance(value, torch.Generator):
            return self._randomness.private_generator(value)
        return value

    def _object(self, fake: Any) -> Any:
        """The real object behind a fake one: a copy of it as it was before the trace."""
        found = self.objects.get(id(fake))
        if found is None:
            found = self.objects[id(fake)] = copied_real_object(fake)
            if found is fake.real_obj and isinstance(found, torch.ScriptObject):
                raise NoRealValue(f"an object of the class {fake.script_class_name}, which cannot be copied")
        return found
