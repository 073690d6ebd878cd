"""Graph rewrite: a call of a custom operator becomes `torchdraft::call`, which compares what the operator returns.

Assertions in the graph cannot do this for results that are no tensors, for lists whose length may differ, for strides,
and for memory that results share. `saved/operator_calls.py` has the operator.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import torch

from torchdraft._torch.graph.nodes import copy_origin
from torchdraft._torch.graph.size_nodes import SizeNodes, fake_mode_of, raw_expression, rebound
from torchdraft._torch.library import definition_of
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft.saved.operator_calls import CALL, DENSE, Description, Output, encoded

from .call_facts import CallFacts, Memory
from .memory_families import MemoryFamilies

PLAIN_VALUES = (bool, int, float, str, complex, torch.dtype, torch.device, torch.layout)
"""Results that are constants of the program."""
_NUMBERS = (torch.SymInt, torch.SymFloat, torch.SymBool)


def has_form(args: Any, kwargs: Any) -> bool:
    """Whether a description can contain these arguments: tensors, integers, plain values and lists of them."""
    return all(map(_has_form, (*args, *kwargs.values())))


def _has_form(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_has_form, value))
    if isinstance(value, torch.fx.Node):
        return isinstance(value.meta.get("val"), (torch.Tensor, torch.SymInt, int))
    if isinstance(value, (torch.Tensor, torch.SymInt)):
        return True
    try:
        encoded(value)
    except TypeError:
        return False
    return True


def needs_comparison(node: torch.fx.Node, facts: CallFacts, families: MemoryFamilies, layouts_read: bool) -> bool:
    """Whether assertions in the graph would not hold the program to what the trace relied on."""
    schema = node.target._schema
    if any(user.target is not operator.getitem for user in node.users) and not _is_leaf(node.meta.get("val")):
        return False
    if not has_form(node.args, node.kwargs) or (facts.arguments_share and (schema.is_mutable or facts.written)):
        return False  # copies of the arguments that are written to would not share memory
    if facts.kernel == "wrong" or facts.written or layouts_read:
        return True
    tensors = all(str(result.real_type) == "Tensor" for result in schema.returns)
    if any(result.alias_info is not None for result in schema.returns) or not (tensors or _is_new_number(node, facts)):
        return True
    if any(t.layout is not torch.strided for t in tensors_in(node.meta.get("val"))):
        return True
    return definition_of(node.target.name()) is None and families.is_written(node)


def _is_new_number(node: torch.fx.Node, facts: CallFacts) -> bool:
    """Whether the result is one integer that the program reads anew in each call."""
    return facts.kernel == "missing" and isinstance(node.meta.get("val"), torch.SymInt)


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (list, tuple))


class Rewrite:
    """Replaces one call."""

    def __init__(self, node: torch.fx.Node, facts: CallFacts, sizes: SizeNodes, *, own_memory: bool, layout: bool):
        self.node = node
        self.graph = node.graph
        self.facts = facts
        self.sizes = sizes
        self.own_memory = own_memory
        """Whether something writes to memory that a result may share."""
        self.layout = layout
        """Whether strides and offsets have to be those of the example."""
        self.tensors: list[torch.fx.Node] = []
        self.numbers: list[Any] = []
        self.outputs: list[Output] = []
        self.places: list[tuple[tuple[int, ...], int]] = []
        """Position in the results of the operator → position in the list that `torchdraft::call` returns."""
        self.values: list[Any] = []
        """The values of the elements of that list."""
        self.storages: dict[int, torch.Tensor] = {}
        """The first of several outputs that share memory → the value of the element with that memory."""
        self.leaf = 0

    def run(self) -> None:
        """Writes the new nodes before the call, gives them its users, and erases it."""
        node = self.node
        args, kwargs = self._argument(node.args), {name: self._argument(v) for name, v in node.kwargs.items()}
        written = sorted({*self._declared(), *self.facts.written})
        value = node.meta.get("val")
        result = self._result(self.facts.plain if value is None else value, (), node.target._schema.returns)
        storages = [(*_dtype_and_device(v), v.shape[0]) for v in self.storages.values()]
        name: str = node.target.name()
        call = Description(name, args, kwargs, result, self.outputs, written, storages)
        made = self._node(CALL, (call.text(), self.tensors, self.numbers), None)
        flag = torch.ops.aten._assert_async.msg
        elements = self._elements(made, written)
        self._node(flag, (elements[-1], "torchdraft: an operator returned something else"), None)
        copied = {}
        first = len(self.values) + len(self.storages)
        for place, element in zip(written, elements[first:-1], strict=True):
            target = self.tensors[place]
            copied[place] = self._node(torch.ops.aten.copy_.default, (target, element), target.meta["val"])
        self._replace(node, (), elements, result, copied)
        self.graph.erase_node(node)

    def _node(self, target: Any, args: Any, value: Any) -> torch.fx.Node:
        with self.graph.inserting_before(self.node):
            made = self.graph.call_function(target, args)
        copy_origin(made, self.node)
        made.meta["val"] = value
        return made

    # -- description ---------------------------------------------------------------------------------------------

    def _argument(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._argument(v) for v in value]
        if not isinstance(value, torch.fx.Node):
            return encoded(value)
        if isinstance(value.meta["val"], torch.Tensor):
            self.tensors.append(value)
            return {"tensor": len(self.tensors) - 1}
        return {"number": self._number(value)}

    def _number(self, value: Any) -> int:
        self.numbers.append(value)
        return len(self.numbers) - 1

    def _declared(self) -> Iterator[int]:
        """The tensors that the schema declares to be written."""
        count = 0
        schema = self.node.target._schema.arguments
        for argument in schema:
            value = self._given(argument)
            tensors = [n for n in _nodes_in(value) if isinstance(n.meta.get("val"), torch.Tensor)]
            if argument.alias_info is not None and argument.alias_info.is_write:
                yield from range(count, count + len(tensors))
            count += len(tensors)

    def _given(self, argument: Any) -> Any:
        schema = self.node.target._schema.arguments
        position = schema.index(argument)
        return self.node.args[position] if position < len(self.node.args) else self.node.kwargs.get(argument.name)

    def _result(self, value: Any, path: tuple[int, ...], returns: Any) -> Any:
        """What the operator has to return, and the value of each tensor that the new node returns."""
        if isinstance(value, (list, tuple)):
            several = not path and len(returns) > 1
            return [self._result(v, (*path, i), [returns[i]] if several else returns) for i, v in enumerate(value)]
        memory = self.facts.memory[self.leaf] if self.leaf < len(self.facts.memory) else None
        self.leaf += 1
        alias = returns[0].alias_info if len(returns) == 1 else None
        if isinstance(value, torch.Tensor):
            if alias is not None and alias.is_write:
                return {"written": self._written_by(alias)}
            self.places.append((path, len(self.values)))
            self.values.append(value)
            self.outputs.append(self._output(value, memory))
            return {"tensor": len(self.outputs) - 1}
        if isinstance(value, torch.SymInt):
            known = self.sizes.number(value, self.node)
            if known is not None:
                return {"number": self._number(known)}
            self.places.append((path, len(self.values)))
            self.values.append(value)
            return {"any": "int"}
        return encoded(value)

    def _written_by(self, alias: Any) -> int:
        count = 0
        for argument in self.node.target._schema.arguments:
            info = argument.alias_info
            if info is not None and info.is_write and info.before_set & alias.before_set:
                return count
            count += len([n for n in _nodes_in(self._given(argument)) if isinstance(n.meta.get("val"), torch.Tensor)])
        raise ValueError(f"{self.node.target} returns an argument that its schema does not name")

    def _output(self, value: torch.Tensor, memory: Memory | None) -> Output:
        described: dict[str, Any] = {
            name: str(getattr(value, name)).removeprefix("torch.") for name in ("dtype", "device", "layout")
        }
        if value.layout is not torch.strided:
            return Output(**described, sizes=(None,) * value.dim(), example=tuple(value.shape))
        described["sizes"] = tuple(self._expected(size) for size in value.shape)
        described["order"] = _order(value)
        if self.layout:
            described["strides"] = self._fixed_strides(value)
        if memory is None:
            return Output(**described, memory="own" if self.own_memory else "any")
        if self.layout:
            described |= {"conjugated": memory.conjugated, "negated": memory.negated, "offset": memory.offset}
        if not self.own_memory:
            return Output(**described)
        if memory.base is None and memory.group is None:
            return Output(**described, memory="own")
        described |= {"offset": memory.offset, "base": memory.base}
        described["strides"] = tuple(self._number(stride) for stride in self._strides(memory))
        if memory.group is not None:
            self._share(value, memory.group, memory.storage)
            described["base"] = list(self.storages).index(memory.group)
            return Output(**described, memory="part")
        return Output(**described, memory="view")

    def _fixed_strides(self, value: torch.Tensor) -> tuple[int | None, ...]:
        """The expected strides, `DENSE` for a product of sizes that this call decides. A stride that has a symbol of
        its own is free: conditions on it are assertions of the graph.
        """
        sizes = {raw_expression(size) for size in value.shape}
        return tuple(
            known if (known := self._expected(stride)) is not None else _unknown_stride(raw_expression(stride), sizes)
            for stride in value.stride()
        )

    def _share(self, value: torch.Tensor, group: int, count: int) -> None:
        """Adds the memory that several outputs share."""
        if group not in self.storages:
            with value.fake_mode:
                self.storages[group] = torch.empty(count, dtype=value.dtype, device=value.device)

    def _strides(self, memory: Memory) -> Iterator[Any]:
        """The strides of a view: those of the argument where they are the same on the example."""
        of_base = () if memory.base is None else self.tensors[memory.base].meta["val"].stride()
        for stride in memory.strides:
            same = next((s for s, real in zip(of_base, memory.base_strides, strict=True) if real == stride), stride)
            known = self.sizes.number(same, self.node)
            yield stride if known is None else known

    def _expected(self, size: Any) -> int | None:
        """The position among the numbers of an expected size; None for one that this call decides."""
        number = self.sizes.number(size, self.node)
        return None if number is None else self._number(number)

    # -- results -------------------------------------------------------------------------------------------------

    def _elements(self, made: torch.fx.Node, written: list[int]) -> list[torch.fx.Node]:
        """A node for each element of the new list: the results, the arguments that were written to, the flag."""
        mode = fake_mode_of(self.graph)
        with mode:
            numbers = [torch.empty((), dtype=torch.int64) if isinstance(v, _NUMBERS) else v for v in self.values]
            copies = [torch.empty_like(self.tensors[i].meta["val"]) for i in written]
            made.meta["val"] = [*numbers, *self.storages.values(), *copies, torch.empty((), dtype=torch.bool)]
        bindings = self.node.meta.get("unbacked_bindings") or {}
        tensors = [(path, i) for path, i in self.places if isinstance(self.values[i], torch.Tensor)]
        if bound := rebound(bindings, tensors):
            made.meta["unbacked_bindings"] = bound
        return [self._node(operator.getitem, (made, i), value) for i, value in enumerate(made.meta["val"])]

    def _replace(self, old: torch.fx.Node, path: tuple[int, ...], elements: Any, result: Any, copied: Any) -> None:
        """Gives the users of a result, or of its parts, the node that has it now."""
        if isinstance(result, list):
            for user in list(old.users):
                self._replace(user, (*path, user.args[1]), elements, result[user.args[1]], copied)
                self.graph.erase_node(user)
            return
        new = self._leaf(path, elements, result, copied)
        if new is not None:
            old.replace_all_uses_with(new, delete_user_cb=lambda user: user is not new)

    def _leaf(self, path: tuple[int, ...], elements: Any, result: Any, copied: Any) -> Any:
        if not isinstance(result, dict) or not _KINDS & result.keys():
            return None
        ((kind, value),) = result.items()
        if kind == "written":
            return copied[value]
        if kind == "number":
            return self.numbers[value]
        element = elements[dict(self.places)[path]]
        if kind == "any":
            return self._item(element, path)
        wanted = self.outputs[value]
        if wanted.memory == "view":
            return self._view(element, wanted, self.tensors[wanted.base])
        return (
            self._view(element, wanted, elements[len(self.values) + wanted.base])
            if wanted.memory == "part"
            else element
        )

    def _item(self, element: torch.fx.Node, path: tuple[int, ...]) -> torch.fx.Node:
        value = self.values[dict(self.places)[path]]
        item = self._node(torch.ops.aten.item.default, (element,), value)
        symbols = getattr(value.node._expr, "free_symbols", ())
        item.meta["unbacked_bindings"] = dict.fromkeys(symbols, ())
        return item

    def _view(self, element: torch.fx.Node, wanted: Output, base: torch.fx.Node) -> torch.fx.Node:
        """The view that the operator returned, of an argument or of memory that several results share."""
        value = element.meta["val"]
        shape = [
            self.numbers[at] if at is not None else self._node(torch.ops.aten.sym_size.int, (element, dim), size)
            for dim, (at, size) in enumerate(zip(wanted.sizes, value.shape, strict=True))
        ]
        assert wanted.strides is not None
        strides = [self.numbers[at] for at in wanted.strides if at is not None]
        start = base.meta["val"].storage_offset() + wanted.offset
        return self._node(torch.ops.aten.as_strided.default, (base, shape, strides, start), value)


_KINDS = {"tensor", "number", "any", "written"}


def _unknown_stride(expr: Any, sizes: set[Any]) -> int | None:
    return DENSE if expr.free_symbols <= sizes else None


def _dtype_and_device(value: torch.Tensor) -> tuple[str, str]:
    return str(value.dtype).removeprefix("torch."), str(value.device)


def _order(value: torch.Tensor) -> tuple[int, ...] | None:
    """The dimensions from the slowest to the fastest in memory; None for a contiguous tensor. Adds no guard."""
    strides = [_hint(s) for s in value.stride()]
    order = tuple(sorted(range(len(strides)), key=lambda d: -strides[d]))
    return None if order == tuple(range(len(strides))) else order


def _hint(stride: Any) -> int:
    """A stride, or a number that orders it among the others: a product of more sizes is larger."""
    if isinstance(stride, int):
        return stride
    expr = stride.node._expr
    return int(2 ** (10 * expr.count_ops() + 20 * len(expr.free_symbols)))


def _nodes_in(value: Any) -> list[torch.fx.Node]:
    if isinstance(value, torch.fx.Node):
        return [value]
    return [n for v in value for n in _nodes_in(v)] if isinstance(value, (list, tuple)) else []
