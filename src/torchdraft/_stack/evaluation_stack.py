"""What a running frame holds besides its local names: the values of unfinished expressions, iterators of `for` loops,
managers of `with` blocks.

Python shows them nowhere. Their number at each instruction follows from the bytecode, and CPython keeps them behind the
local variables of the frame. Where that is not so (`readable` is False), a frame with such values is not described.
"""

from __future__ import annotations

import ctypes
import dis
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from .instructions import instruction

NULL = "<null>"
"""Stands for a slot of the stack that has no object."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What is on the evaluation stack of a running frame."""

    values: list[Any]
    """The values below the operands of the current instruction."""
    called: Any = NULL
    """What the current instruction calls, if it is a call."""
    in_c: bool = False
    """Whether the instruction is C code that goes on with a state of its own when Python code that it runs returns."""


def pending(frame: FrameType) -> Pending | None:
    """What a running frame has on its evaluation stack; None where that cannot be said."""
    code = frame.f_code
    at = instruction(code, frame.f_lasti)
    found = _instructions(code).get(at)
    depth = stack_depths(code).get(at)
    if found is None or depth is None:
        return None
    below = _below_operands(found, depth)
    if below is None or not 0 <= below <= code.co_stacksize:
        return None
    call = found.opname in _CALLS
    if not below and not call:
        return Pending([], in_c=found.opname in _LOOPS_IN_C)
    if _LOCALS is None:
        return None
    first = _address_of_stack(frame)
    values = [_object_at(first + _WORD * place) for place in range(below)]
    called = _first_object(first + _WORD * below) if call else NULL
    return Pending(values, called, found.opname in _LOOPS_IN_C)


# -- how deep the stack is ---------------------------------------------------------------------------------------------

_CALLS = {"CALL", "CALL_FUNCTION_EX", "CALL_KW"}
_PUSHES_ONE = {
    *_CALLS,
    *("BINARY_OP", "BINARY_SUBSCR", "BINARY_SLICE", "COMPARE_OP", "CONTAINS_OP", "IS_OP", "FORMAT_VALUE"),
    *("FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "UNARY_NOT", "UNARY_NEGATIVE", "UNARY_INVERT", "UNARY_POSITIVE"),
    *("GET_ITER", "TO_BOOL", "BUILD_STRING", "IMPORT_NAME"),
}
_PUSHES_NONE = {
    *("STORE_ATTR", "STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR", "DELETE_ATTR", "POP_TOP", "DICT_UPDATE"),
    *("DICT_MERGE", "LIST_EXTEND", "SET_UPDATE"),
}
_TAKES_ONE = {"LOAD_ATTR", "LOAD_METHOD", "UNPACK_SEQUENCE", "UNPACK_EX", "BEFORE_WITH", "SEND"}
_KEEPS_ALL = {"FOR_ITER", "WITH_EXCEPT_START"}
_LOOPS_IN_C = {
    *("LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE", "UNPACK_SEQUENCE", "UNPACK_EX", "CONTAINS_OP"),
    "COMPARE_OP",
}


def _below_operands(found: dis.Instruction, depth: int) -> int | None:
    """How many values are below those that an instruction takes."""
    name = found.opname
    if name in _KEEPS_ALL:
        return depth
    if name in _TAKES_ONE or name.startswith(("POP_JUMP", "JUMP_IF")):
        return depth - 1
    if name in _PUSHES_ONE or name in _PUSHES_NONE:
        return depth + dis.stack_effect(found.opcode, found.arg) - (name in _PUSHES_ONE)
    return None


@lru_cache(4096)
def _instructions(code: CodeType) -> dict[int, dis.Instruction]:
    return {found.offset: found for found in dis.get_instructions(code)}


@lru_cache(4096)
def stack_depths(code: CodeType) -> dict[int, int]:
    """Offset of an instruction → how many values are on the stack before it. Empty where the bytecode is unusual."""
    order = list(_instructions(code).values())
    following = {found.offset: after.offset for found, after in itertools.pairwise(order)}
    depths: dict[int, int] = {}
    open_ = [(order[0].offset, _at_first(code))]
    handlers = [(entry.start, entry.end, entry.target, entry.depth + 1 + entry.lasti) for entry in _handlers(code)]
    open_ += [(target, depth) for _, _, target, depth in handlers]
    while open_:
        offset, depth = open_.pop()
        if offset in depths:
            if depths[offset] != depth:
                return {}
            continue
        depths[offset] = depth
        found = _instructions(code)[offset]
        if found.opname == "RETURN_VALUE" and depth != 1:
            return {}
        open_ += [(after, depth + effect) for after, effect in _successors(found, following)]
    return depths


def _handlers(code: CodeType) -> Iterator[Any]:
    found: Any = dis.Bytecode(code)
    yield from found.exception_entries


def _at_first(code: CodeType) -> int:
    """A generator is resumed with a value, which Python 3.11 counts from the beginning."""
    returns = dis.opmap.get("RETURN_GENERATOR")
    starts = any(found.opcode == returns for found in _instructions(code).values())
    return int(starts and dis.stack_effect(dis.opmap["RETURN_GENERATOR"], None) == 0)


_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"} | {
    "JUMP_BACKWARD_NO_INTERRUPT",
    "INTERPRETER_EXIT",
}


def _successors(found: dis.Instruction, following: dict[int, int]) -> Iterator[tuple[int, int]]:
    jumps = found.opcode in dis.hasjrel or found.opcode in dis.hasjabs
    if jumps:
        yield found.argval, dis.stack_effect(found.opcode, found.arg, jump=True)
    if found.opname not in _ENDS and found.offset in following:
        yield following[found.offset], dis.stack_effect(found.opcode, found.arg, jump=False)


# -- where it is -------------------------------------------------------------------------------------------------------

_WORD = ctypes.sizeof(ctypes.c_void_p)
_OF_FRAME = 3 * _WORD
"""Offset, in a frame object, of the pointer to what the interpreter holds of it."""


def _word_at(address: int) -> int:
    return ctypes.c_size_t.from_address(address).value


def _address_of_stack(frame: FrameType) -> int:
    code = frame.f_code
    names = len(code.co_varnames) + len(set(code.co_cellvars) - set(code.co_varnames)) + len(code.co_freevars)
    assert _LOCALS is not None
    return _word_at(id(frame) + _OF_FRAME) + _LOCALS + _WORD * names


def _object_at(address: int) -> Any:
    word = _word_at(address)
    return ctypes.cast(word, ctypes.py_object).value if word else NULL


def _first_object(address: int) -> Any:
    """What is called: the first slot is empty, or a method whose object is in the second one."""
    return _object_at(address) if _word_at(address) else _object_at(address + _WORD)


def _offset_of_locals() -> int | None:
    """Offset of the local variables in what the interpreter holds of a frame; None where this is another interpreter,
    or one that keeps the stack in another way. Only numbers are compared here: no address is taken for an object.
    """
    if sys.implementation.name != "cpython" or object.__basicsize__ != 2 * _WORD:
        return None
    one, two, three = object(), object(), object()
    frame = sys._getframe()
    code = frame.f_code
    start = _word_at(id(frame) + _OF_FRAME)
    place = code.co_varnames.index("one")
    wanted = [id(one), id(two), id(three)]
    for offset in range(0, 16 * _WORD, _WORD):
        held = [_word_at(start + offset + _WORD * (place + step)) for step in range(3)]
        if held == wanted:
            return offset
    return None


def _reads_its_own_stack(offset: int | None) -> bool:
    """Whether values of an unfinished expression, and an iterator, are found where they should be."""
    if offset is None:
        return False
    one, iterator = object(), iter([object])
    for make in iterator:
        two = make()
        held = [one, two, _words_of_stack(sys._getframe(1 - 1), offset)]
        return held[2] == [id(iterator), id(one), id(two)]
    return False


def _words_of_stack(frame: FrameType, offset: int) -> list[int]:
    at = instruction(frame.f_code, frame.f_lasti)
    depth = stack_depths(frame.f_code).get(at)
    below = None if depth is None else _below_operands(_instructions(frame.f_code)[at], depth)
    if below is None:
        return []
    code = frame.f_code
    names = len(code.co_varnames) + len(code.co_cellvars) + len(code.co_freevars)
    first = _word_at(id(frame) + _OF_FRAME) + offset + _WORD * names
    return [_word_at(first + _WORD * place) for place in range(below)]


_found = _offset_of_locals()
_LOCALS = _found if _reads_its_own_stack(_found) else None
readable = _LOCALS is not None
"""Whether the values on the evaluation stacks of this Python can be read."""
