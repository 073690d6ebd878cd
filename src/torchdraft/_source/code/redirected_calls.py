"""Code in which calls of certain functions call others instead.

Only a function that is called where it is named is replaced (`int(n)`, `math.sqrt(n)`, `m.sqrt(n)` after `import math
as m`). Where the name is used in another way, the code finds the original: annotations, `dtype=int`, `isinstance(n,
int)`, `cls is int`, `int | None`, defaults, and whatever stores or pickles the function. Only a class in a pattern of
`match`, which is no call and asks no other function, can be replaced as well.

The replacements are constants of the code, so the namespaces of a function have no name more than before, and a closure
that such code made works when the code of its maker was put back. Instructions keep their places, so line numbers,
positions and exception tables stay valid.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dis import opmap
from types import CodeType, ModuleType
from typing import Any

_LOAD_GLOBAL, _LOAD_CONST, _LOAD_ATTR = opmap["LOAD_GLOBAL"], opmap["LOAD_CONST"], opmap["LOAD_ATTR"]
_LOAD_METHOD = opmap.get("LOAD_METHOD", -1)
"""An instruction of Python 3.11. From 3.12 on the lowest bit of the argument of `LOAD_ATTR` says the same."""
_PUSH_NULL, _EXTENDED_ARG, _NOP, _CACHE = opmap["PUSH_NULL"], opmap["EXTENDED_ARG"], opmap["NOP"], opmap["CACHE"]
_MATCH_CLASS = opmap["MATCH_CLASS"]
_METHOD_BIT = sys.version_info >= (3, 12)
_NULL_FIRST = sys.version_info < (3, 13)
"""Whether the null that a call needs on the stack is below the function, and not above it."""


class _Functions:
    """Stands for a module: its attributes are the replacements of the functions that code calls there."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        vars(self).update(functions)


@dataclass(frozen=True, slots=True)
class Redirections:
    """Which functions are replaced."""

    instead: Mapping[int, Any]
    """Identity of a function → its replacement. The functions must stay alive."""
    modules: Mapping[int, Mapping[str, Any]]
    """Identity of a module → name in the module → the replacement."""
    builtins: Mapping[str, Any]
    """Name of a builtin → the replacement."""
    matched: Mapping[int, type]
    """Identity of a class among the functions → the class that patterns of `match` name instead."""
    _stand_ins: dict[int, _Functions] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        replacements: Mapping[Any, Any],
        modules: tuple[ModuleType, ...],
        matched: Mapping[type, type] | None = None,
    ) -> Redirections:
        """Original → replacement, for functions that code may also call as attributes of `modules`; and class → the
        class that patterns name instead.
        """
        instead = {id(original): replacement for original, replacement in replacements.items()}
        named = {id(module): _named_in(module, instead) for module in modules}
        patterns = {id(original): pattern for original, pattern in (matched or {}).items()}
        return cls(instead, named, _named_in(builtins, instead), patterns)

    def stand_in(self, module: int) -> _Functions:
        """The object that code finds instead of the module."""
        return self._stand_ins.setdefault(module, _Functions(self.modules[module]))


def _named_in(module: ModuleType, instead: Mapping[int, Any]) -> dict[str, Any]:
    return {name: instead[id(value)] for name, value in vars(module).items() if id(value) in instead}


@dataclass(frozen=True, slots=True)
class _Instead:
    """What code finds instead of a global."""

    called: Any
    """Where it calls the global, or an attribute of it."""
    matched: type | None
    """Where it is the class of a pattern."""


_REDIRECTED: dict[int, tuple[CodeType, dict[str, _Instead], CodeType]] = {}
"""Identity of a code object → the code, what its names were redirected to, and the code made of it. Both are kept
alive: what is remembered about code elsewhere is found by its identity."""
_ORIGINALS: dict[int, tuple[CodeType, CodeType]] = {}
"""Identity of code that was made here → that code, and what it was made of."""


def redirected(code: CodeType, space: Mapping[str, Any], redirections: Redirections) -> CodeType:
    """The code that calls the replacements, for a function whose globals are `space`; `code` itself where it calls none
    of the functions.
    """
    found = _resolved(code, space, redirections)
    if not found:
        return code
    known = _REDIRECTED.get(id(code))
    if known is None or known[1] != found:
        known = _REDIRECTED[id(code)] = code, found, _rewritten(code, found)
    return known[2]


def original(code: CodeType) -> CodeType:
    """The code that `code` was made of; `code` itself where it was not made here."""
    known = _ORIGINALS.get(id(code))
    return code if known is None else known[1]


def _resolved(code: CodeType, space: Mapping[str, Any], redirections: Redirections) -> dict[str, _Instead]:
    """Name of a global that the code uses → what it finds instead."""
    found: dict[str, _Instead] = {}
    for name in code.co_names:
        if name in space:
            value = id(space[name])
            if value in redirections.instead:
                found[name] = _Instead(redirections.instead[value], redirections.matched.get(value))
            elif value in redirections.modules:
                found[name] = _Instead(redirections.stand_in(value), None)
        elif name in redirections.builtins:
            matched = redirections.matched.get(id(vars(builtins)[name]))
            found[name] = _Instead(redirections.builtins[name], matched)
    for constant in code.co_consts:
        if type(constant) is CodeType:
            found.update(_resolved(constant, space, redirections))
    return found


def _rewritten(code: CodeType, found: Mapping[str, _Instead]) -> CodeType:
    constants = [_rewritten(c, found) if type(c) is CodeType else c for c in code.co_consts]
    changed = bytearray(code.co_code)
    for load in _loads(code):
        instead = _instead(load, found[load.name]) if load.name in found else None
        if instead is not None:
            constants.append(instead)
            load.replace(changed, len(constants) - 1)
    if changed == code.co_code and all(new is old for new, old in zip(constants, code.co_consts, strict=True)):
        return code
    made = code.replace(co_code=bytes(changed), co_consts=tuple(constants))
    _ORIGINALS[id(made)] = made, code
    return made


def _instead(load: _Load, found: _Instead) -> Any:
    """What the instruction loads instead; None where it stays."""
    if load.is_pattern:
        return found.matched
    if isinstance(found.called, _Functions):
        return found.called if load.attribute in vars(found.called) and load.calls_attribute else None
    return found.called if load.with_null and load.attribute is None else None


@dataclass(frozen=True, slots=True)
class _Load:
    """An instruction that loads a global, and what follows it."""

    name: str
    start: int
    """The first byte of the instruction, or of the prefix that extends its argument."""
    place: int
    end: int
    """The first byte after its caches."""
    with_null: bool
    """Whether it also pushes the null that a call needs."""
    attribute: str | None
    """The attribute that the next instruction loads from it."""
    calls_attribute: bool
    is_pattern: bool
    """Whether it is the class of a pattern."""

    def replace(self, changed: bytearray, constant: int) -> None:
        """Writes instructions of the same length that load a constant."""
        load = [_LOAD_CONST, constant & 255]
        if constant > 255:
            load = [_EXTENDED_ARG, constant >> 8, *load]
        null = [_PUSH_NULL, 0] if self.with_null else []
        instructions = [*null, *load] if _NULL_FIRST else [*load, *null]
        for place in range(self.start, self.end, 2):
            changed[place : place + 2] = _NOP, 0
        changed[self.place : self.place + len(instructions)] = instructions


def _loads(code: CodeType) -> Iterator[_Load]:
    """The instructions that load globals.

    Only these and the two after each are decoded: the whole model's code is read before each trace.
    """
    operations = code.co_code[::2]
    unit = operations.find(_LOAD_GLOBAL)
    while unit != -1:
        end = _after_caches(operations, unit + 1)
        following = _instructions(code.co_code, operations, end, 2)
        argument = code.co_code[2 * unit + 1] | _extension(code.co_code, operations, unit)
        with_null = bool(argument & 1)
        attribute, calls = _attribute(code, following, with_null)
        is_pattern = [operation for operation, _ in following] == [_LOAD_CONST, _MATCH_CLASS]
        start = _first_prefix(operations, unit)
        name = code.co_names[argument >> 1]
        yield _Load(name, 2 * start, 2 * unit, 2 * end, with_null, attribute, calls, is_pattern)
        unit = operations.find(_LOAD_GLOBAL, end)


def _attribute(code: CodeType, following: list[tuple[int, int]], with_null: bool) -> tuple[str | None, bool]:
    """The attribute that the next instruction loads, and whether the code calls it."""
    if not following or following[0][0] not in (_LOAD_ATTR, _LOAD_METHOD):
        return None, False
    operation, argument = following[0]
    then = following[1][0] if len(following) > 1 else _NOP
    if operation == _LOAD_ATTR and _METHOD_BIT:
        return code.co_names[argument >> 1], bool(argument & 1) or then == _PUSH_NULL or with_null
    calls = operation == _LOAD_METHOD or (with_null and then not in (_LOAD_ATTR, _LOAD_METHOD))
    return code.co_names[argument], calls


def _instructions(bytecode: bytes, operations: bytes, unit: int, count: int) -> list[tuple[int, int]]:
    """Operation and argument of the next `count` instructions. A unit is an operation and a byte of its argument."""
    found: list[tuple[int, int]] = []
    while unit < len(operations) and len(found) < count:
        if operations[unit] != _EXTENDED_ARG:
            found.append((operations[unit], bytecode[2 * unit + 1] | _extension(bytecode, operations, unit)))
        unit = _after_caches(operations, unit + 1)
    return found


def _after_caches(operations: bytes, unit: int) -> int:
    """The first unit that is no cache. A cache is 0 in the code that `co_code` shows."""
    while unit < len(operations) and operations[unit] == _CACHE:
        unit += 1
    return unit


def _first_prefix(operations: bytes, unit: int) -> int:
    """The first of the prefixes that extend the argument of an instruction; the instruction where it has none."""
    while unit and operations[unit - 1] == _EXTENDED_ARG:
        unit -= 1
    return unit


def _extension(bytecode: bytes, operations: bytes, unit: int) -> int:
    """The higher bytes of an instruction's argument, which its prefixes hold."""
    extension = 0
    for prefix in range(_first_prefix(operations, unit), unit):
        extension = (extension | bytecode[2 * prefix + 1]) << 8
    return extension
