"""Islands: a submodule recorded from its real run and replayed symbolically.

Python never touches a fake tensor inside an island: NumPy, threads, pickling and formatting all see real data. The op
graph of that run is then interpreted under the symbolic mode, so that the rest of the model stays symbolic around it.
What Python read inside is asserted in the graph by value, as any other host read.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from .._torch import pytree
from .._torch.dispatch import forget_failed_nodes, outside_tracing, retarget
from .._torch.fake import FakeTensor
from .._torch.pickling import pickling_seen
from .._torch.recording import any_layout_recorded, model_sees_eager
from .assigned import assign_buffers, assigned_buffers
from .copying import being_copied, deep_copied, reduced
from .eager import private
from .events import ComputedOutside
from .frozen import Frozen
from .lent import LentInIsland
from .outsiders import Outsiders, give_back_inputs, kept_constants
from .reads import BY_CONSTANT, same_data
from .replay import ISLAND_READ, Replay
from .stacks import here, is_framework, user_stack
from .types import drained, registered_output

if TYPE_CHECKING:
    from .events import Frame
    from .ladder import Islands
    from .session import Session


@contextmanager
def islands_in_place(mod: torch.nn.Module, islands: Islands, session: Session) -> Iterator[None]:
    """Replaces `forward` of every outermost island by its recorder while the trace runs."""
    modules = dict(mod.named_modules(remove_duplicate=False))
    taken: list[tuple[torch.nn.Module, Any]] = []
    for name in islands.outermost():
        module = modules[name]
        if any(module is other for other, _ in taken):
            continue
        taken.append((module, module.__dict__.get("forward")))
        frozen = islands.frozen is not None
        module.__dict__["forward"] = (
            Frozen(module, session, islands.depends_on) if frozen else Island(module, name, session)
        )
    try:
        yield
    finally:
        for module, own in taken:
            if own is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own


class Island:
    """Stands in for a module's `forward` during a trace."""

    def __init__(self, module: torch.nn.Module, name: str, session: Session) -> None:
        self.module = module
        self.name = name
        self.session = session
        self.own = module.__dict__.get("forward")
        self.__wrapped__ = module.forward  # so that inspect.signature still tells the model's parameters
        self.__code__ = getattr(module.forward, "__code__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fakes, spec = pytree.tree_flatten((args, kwargs))
        state = {n: t for n, t in _state(self.module).items() if isinstance(t, FakeTensor)}
        tensors = [*state.values(), *[f for f in fakes if isinstance(f, torch.Tensor)]]
        graph, shape = self._record(tensors, state, fakes, spec)
        replayed = iter(Replay(graph, self.session, last=self.name == "").run(*tensors))
        leaves = [next(replayed) if leaf is TENSOR else leaf for leaf in shape["leaves"]]
        assign_buffers(self.module, dict(zip(shape["assigned"], replayed, strict=False)))
        for place, moved in zip(shape["moved"], replayed, strict=True):
            tensors[place].data = moved
        return pytree.tree_unflatten(leaves, shape["spec"])

    def _record(
        self, tensors: list[torch.Tensor], state: dict[str, torch.Tensor], leaves: list[Any], spec: Any
    ) -> tuple[torch.fx.GraphModule, dict[str, Any]]:
        """The graph of the module's real run, and the structure of what it returned, assigned and gave other memory."""
        plain = [_fixed(leaf) for leaf in leaves]
        with outside_tracing():
            reals = self._reals(tensors)
            before = [real.detach() for real in reals]
            shape: dict[str, Any] = {}

            def flat(*given: torch.Tensor) -> list[torch.Tensor]:
                own = dict(zip(state, given[: len(state)], strict=True))
                rest = iter(given[len(state) :])
                filled = [next(rest) if isinstance(leaf, torch.Tensor) else leaf for leaf in plain]
                args, kwargs = pytree.tree_unflatten(filled, spec)
                outsiders = shape["outsiders"] = Outsiders(self.session)
                with (
                    assigned_buffers(self.module, own) as assigned,
                    self._as_itself(),
                    outsiders.following(),
                    model_sees_eager(is_framework),
                    pickling_seen(),
                    IslandReads(self.session, outsiders) as reads,
                ):
                    out = torch.func.functional_call(self.module, own, args, kwargs, tie_weights=False)
                    out = registered_output(self.session, drained(out), type(self.module).forward)
                flat_out, shape["spec"] = pytree.tree_flatten(out)
                reads.lent.settle_all()
                outsiders.meet(flat_out, self._where())
                shape["leaves"] = [TENSOR if isinstance(o, torch.Tensor) else o for o in flat_out]
                shape["assigned"] = list(assigned)
                shape["moved"] = [place for place, tensor in enumerate(given) if id(tensor) in reads.moved]
                moved = [given[place] for place in shape["moved"]]
                return [*[o for o in flat_out if isinstance(o, torch.Tensor)], *assigned.values(), *moved]

            graph = record_run(flat, reals)
            give_back_inputs(graph, before)
            for constant in kept_constants(graph):
                shape["outsiders"].tell(constant, self._where())
        return graph, shape

    def _where(self) -> tuple[Frame, ...]:
        """The module's `forward`, as a place in the user's code."""
        code = self.__code__
        return () if code is None else ((code, code.co_firstlineno, 0),)

    def _reals(self, fakes: list[torch.Tensor]) -> list[torch.Tensor]:
        """What the run starts from: copies, and copies that share memory where the model's tensors do."""
        copies = private([real.detach() for real in self.session.reals.tensors(fakes)])
        for copied, fake in zip(copies, fakes, strict=True):
            copied.requires_grad_(fake.requires_grad)
        return list(copies)

    @contextmanager
    def _as_itself(self) -> Iterator[None]:
        """The module with its own `forward`, for the time of the real run."""
        stand_in = self.module.__dict__.pop("forward")
        if self.own is not None:
            self.module.__dict__["forward"] = self.own
        try:
            yield
        finally:
            self.module.__dict__["forward"] = stand_in


class _Tensor:
    """Marks the place of a tensor in an output's structure."""


TENSOR = _Tensor()


def record_run(fn: Any, reals: list[torch.Tensor]) -> torch.fx.GraphModule:
    """The ops `fn(*reals)` ran, as a graph of concrete sizes."""
    from torch.fx.experimental.proxy_tensor import make_fx

    with any_layout_recorded():
        return make_fx(fn, tracing_mode="real", pre_dispatch=True, _error_on_data_dependent_ops=False)(*reals)


def _state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _fixed(leaf: Any) -> Any:
    """A symbolic number handed into an island is fixed, under a guard: Python may do anything with it there."""
    if isinstance(leaf, torch.SymBool):
        return bool(leaf)
    if isinstance(leaf, torch.SymInt):
        return int(leaf)
    return float(leaf) if isinstance(leaf, torch.SymFloat) else leaf


class IslandReads(TorchFunctionMode):
    """Writes down, in the graph being recorded, every value Python reads."""

    def __init__(self, session: Session, outsiders: Outsiders) -> None:
        super().__init__()
        self.session = session
        self.outsiders = outsiders
        self.lent = LentInIsland(session, outsiders)
        self._shapes_read: dict[int, torch.Tensor] = {}
        self.moved: dict[int, torch.Tensor] = {}
        """Tensors that were given other memory (`x.data = ...`), by identity."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if torch.compiler.is_dynamo_compiling():  # a control flow operator compiles its branches, with us in view
            return func(*args, **(kwargs or {}))
        self.outsiders.meet((args, kwargs))
        if func in READS:
            for tensor in _tensors(args):
                self._assert(tensor, func)
        elif func in SHAPE_READS and isinstance(args[0], torch.Tensor) and id(args[0]) not in self._shapes_read:
            if _TRACER in sys._getframe(1).f_code.co_filename:  # it describes a constant to itself
                return func(*args, **(kwargs or {}))
            self._shapes_read[id(args[0])] = args[0]
            torch.ops.aten._assert_tensor_metadata.default(args[0], list(args[0].shape))
        if func == torch.Tensor.data.__get__:  # a new object each time it is asked for
            return args[0].detach()
        if func == torch.Tensor.data.__set__:
            self.moved[id(args[0])] = args[0]
            return retarget(args[0], args[1].detach())
        if func is torch.Tensor.__deepcopy__:
            return deep_copied(args[0], args[1])
        if func is REDUCE and being_copied():
            return torch.ops.aten.alias.default, (args[0],)
        if func is REDUCE:
            with outside_tracing():
                return reduced(args[0].detach().clone())
        if func is torch.Tensor.data_ptr:
            return self.lent.address(args[0])
        return self._run(func, args, kwargs or {})

    def _run(self, func: Any, args: Any, kwargs: Any) -> Any:
        try:
            self.lent.before((args, kwargs))
            out = func(*args, **kwargs)
            self.lent.after((args, kwargs))
        except Exception:
            forget_failed_nodes()  # the model may catch it; the recorded run must not hold the op
            raise
        if func in LENDING and isinstance(args[0], torch.Tensor):
            told = ComputedOutside(what="a NumPy array of its memory, written to", asserted=True, **here(3))
            self.lent.lend(args[0], args[0].detach(), told, weakref.ref(out))
        return out

    def _assert(self, tensor: torch.Tensor, func: Any) -> None:
        if func in (torch.Tensor.__index__, torch.Tensor.item) or tensor.numel() <= BY_CONSTANT:
            with outside_tracing():
                seen = self.outsiders.know(tensor.detach().clone())
            torch.ops.aten._assert_async.msg(same_data(tensor.detach(), seen).all(), ISLAND_READ)
            with outside_tracing():
                self.session.island_read(func, seen, user_stack(3), asserted=True)
        else:
            with outside_tracing():
                self.session.island_read(func, tensor, user_stack(3), asserted=False)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in _tensors(v)]
    return []


LENDING = frozenset({torch.Tensor.numpy, torch.Tensor.__array__})
"""Reads that hand out the tensor's own memory."""
_TRACER = f"{os.sep}torch{os.sep}fx{os.sep}"

REDUCE: Any = torch.Tensor.__reduce_ex__
"""Its own, whatever stands in its place while an island is recorded (`pickling_seen`)."""

READS: set[Any] = {
    torch.Tensor.item,
    torch.Tensor.tolist,
    torch.Tensor.numpy,
    torch.Tensor.__array__,
    torch.Tensor.__bool__,
    torch.Tensor.__int__,
    torch.Tensor.__float__,
    torch.Tensor.__complex__,
    torch.Tensor.__index__,
    torch.Tensor.__repr__,
    torch.Tensor.__format__,
    REDUCE,
    torch.Tensor.__contains__,
    torch.Tensor.__dlpack__,
    torch.equal,
    torch.Tensor.equal,
    torch.allclose,
    torch.Tensor.allclose,
    torch.tensor,
    torch.as_tensor,
    torch.tensor_split,
    torch.Tensor.tensor_split,
}


SHAPE_READS: set[Any] = {
    torch.Tensor.shape.__get__,
    torch.Tensor.size,
    torch.Tensor.numel,
    torch.Tensor.nelement,
    torch.Tensor.stride,
    torch.Tensor.__len__,
    torch.Tensor.__iter__,
    torch.Tensor.unbind,
    torch.Tensor.split,
    torch.Tensor.chunk,
}
"""After one of these Python knows a size as a number, so the size is fixed. Sizes nobody read stay symbolic."""
