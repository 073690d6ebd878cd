"""Models in which a branch leaves something behind that shows only on the other side of a later branch.

After the first branch the operations of its two sides are equal, on the path of the example. They must not be merged
there: what Python holds decides what the later branch does where the example does not go. The example is positive.
"""

# ruff: noqa: SIM108 (a statement and an expression branch in different ways)

from __future__ import annotations

import collections
import contextlib
import enum
import functools

import numpy as np
import torch

MODELS: list[type[torch.nn.Module]] = []


def leaves(model: type[torch.nn.Module]) -> type[torch.nn.Module]:
    """Registers a model that takes three numbers, the first two of which decide."""
    MODELS.append(model)
    return model


def chosen(x):
    return 2 if x[0] > 0 else 3


def asked(x):
    return 1 if x[1] < 0 else 0


# -- locals ------------------------------------------------------------------------------------------------------------


@leaves
class Number(torch.nn.Module):
    def forward(self, x):
        y = x + 1
        if x[0] > 0:
            k = 1
        else:
            k = 2
        if x[1] < 0:
            y = y * k
        return y


@leaves
class Text(torch.nn.Module):
    def forward(self, x):
        y = x + 1
        kind = "relu" if x[0] > 0 else "cos"
        if x[1] < 0:
            y = getattr(torch, kind)(y)
        return y


@leaves
class SymbolOrNumber(torch.nn.Module):
    def forward(self, x):
        n = x.sum().long().item()
        k = n if x[0] > 0 else 5
        y = x + 1
        if x[1] < 0:
            y = y * k
        return y * 2 + x * k


@leaves
class TupleOfNumbers(torch.nn.Module):
    def forward(self, x):
        n = x.sum().long().item()
        size = (n, 2) if x[0] > 0 else (2, n)
        y = x + 1
        if x[1] < 0:
            y = y * size[0]
        return y * 2 + x * size[1]


@leaves
class NoneOrTensor(torch.nn.Module):
    def forward(self, x):
        mask = (x > 0) if x[0] > 0 else None
        y = x + 1
        if x[1] < 0:
            y = y * 2
        return y if mask is None else y * mask


@leaves
class Member(torch.nn.Module):
    def forward(self, x):
        color = Color.RED if x[0] > 0 else Color.BLUE
        y = x + 1
        if x[1] < 0:
            y = y * color.value
        return y


class Color(enum.Enum):
    RED = 2
    BLUE = 3


@leaves
class NumpyNumber(torch.nn.Module):
    def forward(self, x):
        k = np.float32(2) if x[0] > 0 else np.float32(3)
        y = x + 1
        if x[1] < 0:
            y = y * float(k)
        return y


@leaves
class NumpyArray(torch.nn.Module):
    def forward(self, x):
        k = np.ones(3, dtype=np.float32)
        if x[0] > 0:
            k[1] = 5
        y = x + 1
        if x[1] < 0:
            y = y * torch.from_numpy(k)
        return y


@leaves
class LaterBranches(torch.nn.Module):
    def forward(self, x):
        y = x
        k = chosen(x)
        if x[1] < 0:
            if x[2] > 0:
                y = y * k
            else:
                y = y + k
        if x[2] < 1:
            y = y - k
        return y


@leaves
class SwapsLater(torch.nn.Module):
    def forward(self, x):
        y = x + 1
        z = x - 1
        kind = "sums" if x[0] > 0 else "differences"
        if x[1] < 0:
            y, z = z, y
        return (y, z) if kind == "sums" else (y, -z)


# -- functions and objects ---------------------------------------------------------------------------------------------


@leaves
class Function(torch.nn.Module):
    def forward(self, x):
        f = torch.sin if x[0] > 0 else torch.cos
        y = x + 1
        if x[1] < 0:
            y = f(y)
        return y


@leaves
class Closure(torch.nn.Module):
    def forward(self, x):
        def scaled(by):
            return lambda y: y * by

        f = scaled(2) if x[0] > 0 else scaled(3)
        if x[1] < 0:
            return f(x)
        return x


@leaves
class Partial(torch.nn.Module):
    def forward(self, x):
        f = functools.partial(torch.mul, other=2) if x[0] > 0 else functools.partial(torch.mul, other=3)
        y = x + 1
        if x[1] < 0:
            y = f(y)
        return y


@leaves
class Defaults(torch.nn.Module):
    def forward(self, x):
        first_of(chosen(x))
        y = x + 1
        if x[1] < 0:
            y = y * first_of(0)
        first_of.__defaults__[0].clear()
        return y


def first_of(value, store=[]):  # noqa: B006
    store.append(value)
    return store[0]


@leaves
class Attribute(torch.nn.Module):
    def forward(self, x):
        state = Holder()
        if x[0] > 0:
            state.by = 2
        if x[1] < 0:
            return x * state.by
        return x


class Holder:
    by = 1


@leaves
class Slot(torch.nn.Module):
    def forward(self, x):
        state = Slotted()
        if x[0] > 0:
            state.by = 2
        if x[1] < 0:
            return x * state.by
        return x


class Slotted:
    __slots__ = ("by",)

    def __init__(self):
        self.by = 1


@leaves
class ClassAttribute(torch.nn.Module):
    def forward(self, x):
        Shared.by = 2 if x[0] > 0 else 1
        y = x + 1
        if x[1] < 0:
            y = y * Shared.by
        Shared.by = 1
        return y


class Shared:
    by = 1


@leaves
class OnNestedSide(torch.nn.Module):
    """It shows on one side of a branch inside the later branch."""

    def forward(self, x):
        Shared.by = chosen(x)
        y = x + 1
        if x[1] < 0 and x[2] > 0:
            y = y * Shared.by
        Shared.by = 1
        return y


@leaves
class OnOneOfManySides(torch.nn.Module):
    """It shows for one combination of the sides of later branches."""

    def forward(self, x):
        Shared.by = chosen(x)
        y = x + 1
        loud = x[2] > 0.2
        if x[1] < 0 and loud:
            y = y * Shared.by
        if x[0] < -2:
            y = y + 5
        if x[2] < 0:
            y = y * 0 + 1
        Shared.by = 1
        return y


@leaves
class ArgumentOfThree(torch.nn.Module):
    def forward(self, x):
        return scaled_if(x, chosen(x), bool(x[1] < 0) and not bool(x[2] < 0))


@leaves
class OwnClassAttribute(torch.nn.Module):
    k = 1

    def forward(self, x):
        type(self).k = chosen(x)
        y = x + 1
        if x[1] < 0:
            y = y * self.k
        type(self).k = 1
        return y


@leaves
class CaughtException(torch.nn.Module):
    def forward(self, x):
        try:
            raise ValueError(chosen(x))
        except ValueError as error:
            y = x + 1
            if x[1] < 0:
                y = y * error.args[0]
        return y


# -- containers and iterators ------------------------------------------------------------------------------------------


@leaves
class Lists(torch.nn.Module):
    def forward(self, x):
        held = [[x], [x * 2]]
        if x[0] > 0:
            held[0].append(x * 5)
        held[1].append(x)
        if x[1] < 0:
            held[0][0] = x * 7
        return torch.stack([sum(held[0]), sum(held[1])])


@leaves
class SetAndCounters(torch.nn.Module):
    def forward(self, x):
        names, queue, counts, table = {"a"}, collections.deque([1]), collections.Counter(), collections.defaultdict(int)
        if x[0] > 0:
            names.add("b")
            queue.append(3)
            counts["a"] += 1
            table["z"] += 2
        if x[1] < 0:
            return x * (len(names) + len(queue) + counts["a"] + table["z"])
        return x


@leaves
class OrderOfKeys(torch.nn.Module):
    def forward(self, x):
        table = {"a": x, "b": x * 2} if x[0] > 0 else {"b": x * 2, "a": x}
        y = x + 1
        if x[1] < 0:
            y = y + next(iter(table.values()))
        return y


@leaves
class Iterator(torch.nn.Module):
    def forward(self, x):
        numbers = iter([1, 2, 3])
        if x[0] > 0:
            next(numbers)
        if x[1] < 0:
            return x * next(numbers)
        return x


@leaves
class Generator(torch.nn.Module):
    def forward(self, x):
        numbers = counted()
        if x[0] > 0:
            next(numbers)
        if x[1] < 0:
            return x * next(numbers)
        return x


def counted():
    yield 1
    yield 2
    yield 3


@leaves
class LocalOfGenerator(torch.nn.Module):
    def forward(self, x):
        numbers = choosing(x)
        next(numbers)
        y = x + 1
        if x[1] < 0:
            y = y * next(numbers)
        return y


def choosing(x):
    k = chosen(x)
    yield 0
    yield k


# -- the model, globals ------------------------------------------------------------------------------------------------


@leaves
class AttributeOfSubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = Scaled(), Scaled(), Scaled()

    def forward(self, x):
        y = x + 1
        self.three.k = chosen(x)
        if x[1] < 0:
            y = self.three(y)
        self.three.k = 1
        return y


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 1

    def forward(self, x):
        return x * self.k


@leaves
class AttributeOfAttribute(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.config = Holder()

    def forward(self, x):
        self.config.by = chosen(x)
        y = x + 1
        if x[1] < 0:
            y = y * self.config.by
        self.config.by = 1
        return y


@leaves
class TrainingFlag(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = Trained()

    def forward(self, x):
        before = self.layer.training
        self.layer.training = bool(x[0] > 0)
        y = x + 1
        if x[1] < 0:
            y = self.layer(y)
        self.layer.training = before
        return y


class Trained(torch.nn.Module):
    def forward(self, x):
        return x * 2 if self.training else x * 3


@leaves
class ChosenModule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Sigmoid(), torch.nn.Tanh()])

    def forward(self, x):
        layer = self.layers[0] if x[0] > 0 else self.layers[1]
        y = x + 1
        if x[1] < 0:
            y = layer(y)
        return y


@leaves
class Hook(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Identity()

    def forward(self, x):
        by = chosen(x)
        handle = self.layer.register_forward_hook(lambda _module, _inputs, output: output * by)
        y = x + 1
        if x[1] < 0:
            y = self.layer(y)
        handle.remove()
        return y


@leaves
class ReassignedBuffer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("state", torch.ones(3))

    def forward(self, x):
        if x[0] > 0:
            self.state = self.state + 1
        y = x + self.state
        if x[1] < 0:
            y = y * self.state
        return y


@leaves
class NamedGlobal(torch.nn.Module):
    def forward(self, x):
        CURRENT["by"] = chosen(x)
        y = x + 1
        if x[1] < 0:
            y = by_global(y)
        CURRENT["by"] = 1
        return y


CURRENT = {"by": 1}


def by_global(y):
    return y * CURRENT["by"]


def set_global(by):
    CURRENT["by"] = by


@leaves
class GlobalOfFunctions(torch.nn.Module):
    def forward(self, x):
        set_global(chosen(x))
        y = x + 1
        if x[1] < 0:
            y = by_global(y)
        set_global(1)
        return y


NUMBER = 1


def set_number(by):
    global NUMBER
    NUMBER = by


def by_number(y):
    return y * NUMBER


@leaves
class NumberOfFunctions(torch.nn.Module):
    def forward(self, x):
        set_number(chosen(x))
        y = x + 1
        if x[1] < 0:
            y = by_number(y)
        set_number(1)
        return y


OBJECT = Holder()


def set_object(by):
    OBJECT.by = by


def by_object(y):
    return y * OBJECT.by


@leaves
class ObjectOfFunctions(torch.nn.Module):
    def forward(self, x):
        set_object(chosen(x))
        y = x + 1
        if x[1] < 0:
            y = by_object(y)
        set_object(1)
        return y


@leaves
class CachedObject(torch.nn.Module):
    def forward(self, x):
        found = remembered(chosen(x))
        y = x + 1
        if x[1] < 0:
            y = y * found.by
        return y


@functools.lru_cache
def remembered(by):
    made = Holder()
    made.by = by
    return made


# -- the evaluation stack, and what C code holds -----------------------------------------------------------------------


@leaves
class Argument(torch.nn.Module):
    def forward(self, x):
        return pick((2 if x[0] > 0 else 3), (x if x[1] < 0 else None), x)


def pick(k, a, x):
    return x if a is None else a * k


@leaves
class KeywordArgument(torch.nn.Module):
    def forward(self, x):
        return scaled_if(x=x, k=chosen(x), flag=asked(x))


def scaled_if(x, k, flag):
    return x * k if flag else x


@leaves
class ArgumentOfCaller(torch.nn.Module):
    def forward(self, x):
        return scaled_if(x, 1 if x[0] > 0 else 2, asked(x))


@leaves
class Operand(torch.nn.Module):
    def forward(self, x):
        return x + chosen(x) * asked(x)


@leaves
class ListDisplay(torch.nn.Module):
    def forward(self, x):
        held = [2 if x[0] > 0 else 3, x[1] < 0 or False]
        return x * held[0] if held[1] else x


@leaves
class DictDisplay(torch.nn.Module):
    def forward(self, x):
        held = {"k": chosen(x), "asked": asked(x)}
        return x * held["k"] if held["asked"] else x


@leaves
class Comprehension(torch.nn.Module):
    def forward(self, x):
        held = [(2 if x[place] > 0 else 3) for place in range(3)]
        y = x + 1
        if held[1] == 3:
            y = y * held[0]
        return y


@leaves
class Manager(torch.nn.Module):
    def forward(self, x):
        y = x + 1
        with entered(chosen(x)):
            if x[1] < 0:
                y = by_global(y)
        return y


class entered:
    def __init__(self, by):
        self.by = by

    def __enter__(self):
        CURRENT["by"] = self.by

    def __exit__(self, *error):
        CURRENT["by"] = 1


@leaves
class ExitStack(torch.nn.Module):
    def forward(self, x):
        with contextlib.ExitStack() as stack:
            if x[0] > 0:
                stack.enter_context(entered(2))
            y = x + 1
            if x[1] < 0:
                y = by_global(y)
        return y


@leaves
class TurnsOfLoop(torch.nn.Module):
    def forward(self, x):
        y = x
        for function in (torch.tanh,) * 3:
            if y[0] > 0:
                y = y - 2
                continue
            if y[1] > 0:
                break
            y = function(y) + 1
        return y


@leaves
class Mapped(torch.nn.Module):
    def forward(self, x):
        held = list(map(lambda place: 2 if x[place] > 0 else 3, range(3)))  # noqa: C417
        y = x + 1
        if held[1] == 3:
            y = y * held[0]
        return y


@leaves
class Reduced(torch.nn.Module):
    def forward(self, x):
        n = functools.reduce(lambda product, place: product * (2 if x[place] > 0 else 3), range(3), 1)
        return (x + 1) * n


# -- tensors -----------------------------------------------------------------------------------------------------------


@leaves
class OneOfTwoTensors(torch.nn.Module):
    def forward(self, x):
        y, z, w = x + 1, x * 2, x * 3
        held = z if x[0] > 0 else w
        if x[1] < 0:
            y = y * held
        return y


@leaves
class OwnTensors(torch.nn.Module):
    def forward(self, x):
        held = x * 2 if x[0] > 0 else x - 3
        y = x + 1
        if x[1] < 0:
            y = y * held
        return y


@leaves
class Swapped(torch.nn.Module):
    def forward(self, x):
        a, b = x * 2, x * 3
        if x[0] > 0:
            a, b = b, a
        if x[1] < 0:
            a = a + 1
        return a, b


@leaves
class OtherDtype(torch.nn.Module):
    def forward(self, x):
        held = x.double() if x[0] > 0 else x
        y = x + 1
        if x[1] < 0:
            y = (y * held).float()
        return y


@leaves
class OtherSize(torch.nn.Module):
    def forward(self, x):
        held = x[x > 0] if x[0] > 0 else x[:1]
        y = x + 1
        if x[1] < 0:
            y = y * held.sum() + held.shape[0]
        return y


@leaves
class OneTensorOrTwo(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        b = a if x[0] > 0 else a.clone()
        if x[1] < 0:
            b.add_(1)
        return a, b


@leaves
class InputOrCopy(torch.nn.Module):
    def forward(self, x):
        held = x if x[0] > 0 else x.clone()
        if x[1] < 0:
            held.add_(1)
        return held * 2


@leaves
class ViewOrNot(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        v = a[:2]
        if x[0] > 0:
            a = a * 1
        a.add_(1)
        if x[1] < 0:
            v.mul_(2)
        return a, v


@leaves
class ViewsOfBothSides(torch.nn.Module):
    def forward(self, x):
        if x[0] > 0:
            a = x * 2
            v = a[:2]
        else:
            a = x * 3
            v = a[:2]
        if x[1] < 0:
            v.mul_(2)
        return a, v


@leaves
class OtherPart(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        v = a[:2] if x[0] > 0 else a[1:]
        if x[1] < 0:
            v.mul_(10)
        return a, v


@leaves
class OtherOverlap(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        v = a[:1] if x[0] > 0 else a[1:2]
        w = a[1:2]
        v.add_(1)
        if x[1] < 0:
            w.mul_(10)
        return a, v, w


@leaves
class SameTensor(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        b = a if x[0] > 0 else a + 0
        if x[1] < 0 and b is a:
            return a * 5
        return b + 1


@leaves
class TensorAsKey(torch.nn.Module):
    def forward(self, x):
        a, b = x * 2, x * 3
        table = {a: 2, b: 3} if x[0] > 0 else {a: 3, b: 2}
        y = x + 1
        if x[1] < 0:
            y = y * table[a]
        return y + a + b


@leaves
class Strides(torch.nn.Module):
    def forward(self, x):
        a = x[:, None] * x
        b = a.t() if x[0] > 0 else a * 1
        if x[1] < 0 and b.is_contiguous():
            return b * 2
        return b + 1


@leaves
class RequiresGrad(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        if x[0] > 0:
            y = x * self.weight
        else:
            with torch.no_grad():
                y = x * self.weight
        if x[1] < 0 and y.requires_grad:
            return y * 2
        return y + 1


@leaves
class AttributeOfTensor(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        if x[0] > 0:
            a.tag = 3
        y = x + 1
        if x[1] < 0:
            y = y * getattr(a, "tag", 1)
        return y + a


# -- modes -------------------------------------------------------------------------------------------------------------


@leaves
class GradMode(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        with contextlib.ExitStack() as stack:
            if x[0] > 0:
                stack.enter_context(torch.no_grad())
            y = x + 1
            if x[1] < 0:
                y = y * self.weight if torch.is_grad_enabled() else y * 2
        return y


@leaves
class DefaultDtype(torch.nn.Module):
    def forward(self, x):
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64 if x[0] > 0 else before)
        y = x + 1
        if x[1] < 0:
            y = y * (2 if torch.get_default_dtype() == torch.float64 else 3)
        torch.set_default_dtype(before)
        return y
