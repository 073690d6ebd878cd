"""Objects are flattened into their fields and rebuilt without code of their classes."""

from __future__ import annotations

import enum
import weakref

import pytest
import torch

import torchdraft
from torchdraft._draft.prepare.object_nodes import ObjectContext, unregister_classes
from torchdraft._draft.prepare.pytree_types import register, unknown_classes
from torchdraft._torch import pytree


class Holder:
    def __init__(self, **content):
        vars(self).update(content)


class Slotted:
    __slots__ = ("__private", "_x")

    def __init__(self, x):
        self._x, self.__private = x, "text"

    def private(self):
        return self.__private


class Table(dict):
    def __setitem__(self, key, value):
        raise AssertionError("code of the class")


class Row(list):
    pass


class Point(tuple):
    pass


CLASSES = (Holder, Slotted, Table, Row, Point)
X = torch.ones(2)


@pytest.fixture(autouse=True)
def registered():
    for cls in CLASSES:
        register(cls)
    yield
    unregister_classes(CLASSES)


def again(value):
    return pytree.tree_unflatten(*pytree.tree_flatten(value))


def test_fields_keep_their_order_and_tensors_become_leaves():
    holder = Holder(label="text", x=X, sizes={"rows": 2})
    assert pytree.tree_leaves(holder) == [X] or pytree.tree_leaves(holder)[0] is X
    assert list(vars(again(holder))) == ["label", "x", "sizes"]
    assert again(holder).x is X


def test_slots_with_private_names():
    assert again(Slotted(X))._x is X
    assert again(Slotted(X)).private() == "text"


def test_items_of_builtin_subclasses():
    table = Table({"a": X, ("b", 1): 2})
    table.label = "text"
    assert again(table)["a"] is X
    assert (again(table)["b", 1], again(table).label) == (2, "text")
    assert type(again(Row([X, 1]))) is Row
    assert again(Point((X, 1)))[1] == 1


def test_weak_references_back_to_the_object():
    outer, inner = Holder(), Holder(x=X)
    outer.inner, inner.outer = inner, weakref.ref(outer)
    rebuilt = again(outer)
    assert rebuilt.inner.outer() is rebuilt


def test_the_path_of_a_leaf_is_the_users():
    ((path, _),) = pytree.leaves_with_path(Holder(table=Table({"a": X})))
    assert pytree.keystr(path) == ".table['a']"


def test_contexts_are_equal_where_names_and_plain_values_are():
    def context(**static):
        return ObjectContext(["x"], static)

    assert context(a=1, b=float("nan")) == context(a=1, b=float("nan"))
    assert context(a=object()) == context(a=object())
    assert context(a=1) != context(a=2)
    assert context(a=1) != context(a=True)
    assert context(a=1) != context(b=1)


def test_unknown_classes_are_found_inside_known_ones():
    class Inner:
        def __init__(self):
            self.x = X

    assert unknown_classes([Holder(inner={"a": Inner()})]) == [Inner]
    assert unknown_classes([Holder(x=X), "text", len, torch.float32]) == []


class _Mode(enum.Enum):
    MEAN = 1
    SUM = 2


@pytest.mark.parametrize(
    ("drafted", "other"),
    [(_Mode.MEAN, _Mode.SUM), (torch.float32, torch.float64), (slice(1), slice(2)), ((1, "a"), (1, "b")), (b"x", b"y")],
)
def test_a_program_is_for_the_constants_of_the_objects_that_it_takes(drafted, other):
    class Holder:
        def __init__(self, x, constant):
            self.x, self.constant = x, constant

    class Model(torch.nn.Module):
        def forward(self, holder):
            return holder.x * 2 if holder.constant == drafted else holder.x

    x = torch.ones(2)
    program = torchdraft.draft_export(Model(), (Holder(x, drafted),)).module()
    assert torch.equal(program(Holder(x, drafted)), x * 2)
    with pytest.raises(ValueError, match="input tree spec"):
        program(Holder(x, other))
