"""Writes the source of a fake kernel from rules."""

from __future__ import annotations

import keyword
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torchdraft._synthesis.experiments.operator import Operator
from torchdraft._synthesis.learning.cases import Case, Learned
from torchdraft._synthesis.learning.dtypes import DtypeRule
from torchdraft._synthesis.learning.fit_shapes import parts_of
from torchdraft._synthesis.learning.outputs import ListRule, NumberRule, OutputRule, Result, TensorRule, ViewRule
from torchdraft._synthesis.learning.shapes import Edited, Fresh, Part, ShapeRule, Size, Slice

INDENT = "    "
LONGEST = 60
"""Sizes of a shape that is longer than this are computed on lines of their own."""


@dataclass(slots=True)
class Writer:
    """Writes the body of one case: statements, and the expression that it returns."""

    operator: Operator
    lines: list[str] = field(default_factory=list)
    fresh: dict[tuple[int, int], str] = field(default_factory=dict)
    names: int = 0

    def result(self, result: Result) -> list[str]:
        """The statements of one case, the return statement last."""
        self._layouts(result)
        outputs = [self._output(rule, index) for index, rule in enumerate(result.outputs)]
        if result.single:
            text = outputs[0]
        else:
            text = f"({', '.join(outputs)}{',' if len(outputs) == 1 else ''})" if outputs else "()"
        self.lines.append(f"return {text}")
        return self.lines

    def _layouts(self, result: Result) -> None:
        """Raises in the kernel where the strides were learned for contiguous arguments only."""
        if any(rule.layout.only_contiguous for rule in result.tensors()):
            names = [a.name for a in self.operator.schema.arguments if str(a.type) == "Tensor"]
            for name in names:
                self.lines += [
                    f"if not {name}.is_contiguous():",
                    f'{INDENT}raise NotImplementedError("the strides are known for a contiguous {name} only")',
                ]

    def _output(self, rule: OutputRule, index: int) -> str:
        if isinstance(rule, NumberRule):
            return self._number(rule)
        if isinstance(rule, ViewRule):
            return self._view(rule)
        if isinstance(rule, TensorRule):
            return self._tensor(rule, index)
        return self._list(rule, index)

    def _number(self, rule: NumberRule) -> str:
        if rule.fresh:
            return "torch.library.get_ctx().new_dynamic_size()"
        return repr(rule.constant) if rule.expr is None else rule.expr.code()

    def _view(self, rule: ViewRule) -> str:
        if rule.shape is None or rule.offset is None:
            return rule.argument
        strides = "".join(f"{expr.code()}, " for expr in rule.strides)
        return f"{rule.argument}.as_strided({self.shape(rule.shape, 0)}, ({strides}), {rule.offset.code()})"

    def _list(self, rule: ListRule, index: int) -> str:
        if not rule.each_of:
            return f"[{', '.join(self._output(item, 100 * (index + 1) + i) for i, item in enumerate(rule.items))}]"
        item = self._output(rule.items[0], index).replace(f"{rule.each_of}[0]", "item")
        return f"[{item} for item in {rule.each_of}]"

    def _tensor(self, rule: TensorRule, index: int) -> str:
        dtype = self.dtype(rule.dtype)
        layout = rule.layout
        whole = rule.shape.parts
        if layout.kind in ("like", "elementwise") and layout.arguments:
            like = " + ".join(layout.arguments)
            same = rule.dtype in (DtypeRule("same", layout.arguments), DtypeRule("promoted", layout.arguments))
            return f"torch.empty_like({like}{'' if same else f', dtype={dtype}'})"
        if whole == (Slice((rule.device,)),) and layout.kind == "contiguous":
            extra = "" if rule.dtype == DtypeRule("same", (rule.device,)) else f", dtype={dtype}"
            return f"torch.empty_like({rule.device}{extra}, memory_format=torch.contiguous_format)"
        return self._laid_out(rule, self.shape(rule.shape, index), dtype)

    def _laid_out(self, rule: TensorRule, shape: str, dtype: str) -> str:
        made = self._empty(rule, dtype)
        if rule.layout.kind == "order" and rule.layout.order != tuple(range(len(rule.layout.order))):
            order = rule.layout.order
            back = tuple(order.index(d) for d in range(len(order)))
            name = self._name("shape")
            self.lines.append(f"{name} = {shape}")
            inner = "".join(f"{name}[{d}], " for d in order)
            return f"{made(f'({inner})')}.permute({', '.join(map(str, back))})"
        if rule.layout.kind == "reversed":
            name = self._name("made")
            if len(rule.shape.parts) == 2 and not any(isinstance(p, (Slice, Edited)) for p in rule.shape.parts):
                first, second = (self._part(part, 0) for part in rule.shape.parts)
                return f"{made(f'({second}, {first})')}.t()"
            self.lines.append(f"{name} = {made(f'tuple(reversed({shape}))')}")
            return f"{name}.permute(*reversed(range({name}.dim())))"
        if rule.layout.kind == "channels_last":
            (given,) = rule.layout.arguments
            name = self._name("layout")
            last = f"{given}.is_contiguous(memory_format=torch.channels_last) and not {given}.is_contiguous()"
            self.lines += [
                f"{name} = torch.contiguous_format",
                f"if {given}.dim() == 4 and {last}:",
                f"{INDENT}{name} = torch.channels_last",
            ]
            return f"{made(shape)}.to(memory_format={name})"
        return made(shape)

    def _empty(self, rule: TensorRule, dtype: str) -> Any:
        if rule.device.startswith("device="):
            return lambda shape: f"torch.empty({shape}, dtype={dtype}, {rule.device})"
        same = rule.dtype == DtypeRule("same", (rule.device,))
        return lambda shape: f"{rule.device}.new_empty({shape}{'' if same else f', dtype={dtype}'})"

    def dtype(self, rule: DtypeRule) -> str:
        """Python code of a dtype."""
        text = self._dtype_before(rule)
        if rule.then == "real":
            return f"{text}.to_real()"
        if rule.then == "float32":
            return f"torch.promote_types({text}, torch.float32)"
        if rule.then == "number":
            return f"torch.promote_types({text}, torch.int64) if {text} == torch.bool else {text}"
        if rule.then:
            name = self._name("dtype")
            other = "torch.get_default_dtype()" if rule.then == "float" else "torch.int64"
            self.lines += [
                f"{name} = {text}",
                f"if not ({name}.is_floating_point or {name}.is_complex):",
                f"{INDENT}{name} = {other}",
            ]
            return name
        return text

    def _dtype_before(self, rule: DtypeRule) -> str:
        if rule.kind == "constant":
            return str(rule.dtype)
        if rule.kind == "argument":
            return rule.arguments[0]
        if rule.kind == "same":
            return f"{rule.arguments[0]}.dtype"
        if rule.kind == "promoted":
            first, second, *others = rule.arguments
            text = f"torch.result_type({first}, {second})"
            for other in others:
                text = f"torch.promote_types({text}, {other}.dtype)"
            return text
        name = self._name("dtypes")
        rows = ", ".join(f"({', '.join(map(str, key))},): {value}" for key, value in rule.table)
        key = "".join(f"{argument}.dtype, " for argument in rule.arguments)
        self.lines.append(f"{name} = {{{rows}}}  # the ones that were seen")
        return f"{name}[({key})]"

    def shape(self, rule: ShapeRule, index: int) -> str:
        """Python code of a shape. Sizes that the data decides are made before."""
        for part in parts_of(rule):
            if isinstance(part, Fresh):
                self._fresh(part, index)
        if len(rule.parts) == 1 and isinstance(rule.parts[0], Edited):
            return self._edited(rule.parts[0], index)
        if len(rule.parts) == 1 and isinstance(rule.parts[0], Slice):
            return self._slice(rule.parts[0])
        sizes = [self._part(part, index) for part in rule.parts]
        if sum(map(len, sizes)) > LONGEST:
            sizes = [self._named(size) if " " in size and size[0] != "*" else size for size in sizes]
        return _tuple(sizes)

    def _named(self, code: str) -> str:
        """A variable with the value of an expression."""
        name = self._name("size")
        self.lines.append(f"{name} = {code}")
        return name

    def _part(self, part: Part, index: int) -> str:
        if isinstance(part, Slice):
            return f"*{self._slice(part)}"
        if isinstance(part, Size):
            return part.expr.code()
        if isinstance(part, Fresh):
            return self._fresh(part, index)
        raise TypeError(f"{part} is a shape of its own")

    def _slice(self, part: Slice) -> str:
        cut = (
            ""
            if not part.start and part.stop is None
            else f"[{part.start or ''}:{'' if part.stop is None else part.stop}]"
        )
        shapes = [f"{name}.shape{cut}" for name in part.arguments]
        return shapes[0] if len(shapes) == 1 else f"torch.broadcast_shapes({', '.join(shapes)})"

    def _edited(self, part: Edited, index: int) -> str:
        name = self._name("shape")
        self.lines.append(f"{name} = list({part.argument}.shape)")
        if part.how == "remove":
            self.lines.append(f"del {name}[{part.axis}]")
            return name
        assert part.part is not None
        size = self._part(part.part, index)
        if part.how == "insert":
            end = f"{part.axis} if {part.axis} >= 0 else {part.axis} + len({name}) + 1"
            self.lines.append(f"{name}.insert({end}, {size})")
        else:
            self.lines.append(f"{name}[{part.axis}] = {size}")
        return name

    def _fresh(self, part: Fresh, index: int) -> str:
        key = (0, part.number) if index < 100 else (index, part.number)
        if key not in self.fresh:
            name = self._name("size")
            self.fresh[key] = name
            self.lines.append(f"{name} = torch.library.get_ctx().new_dynamic_size()")
        return self.fresh[key]

    def _name(self, base: str) -> str:
        self.names += 1
        taken = set(self.operator.parameters)
        name = base if self.names == 1 else f"{base}_{self.names}"
        while name in taken:
            name += "_"
        return name


def source(operator: Operator, learned: Learned, note: str, *, override: bool = False) -> str:
    """The source of a fake kernel; `note` is its docstring."""
    head = f'@torch.library.register_fake("{operator.name}"{", allow_override=True" if override else ""})'
    name = f"{operator.name.partition('::')[2].replace('.', '_')}_fake"
    signature = ", ".join(_parameters(operator))
    lines = [head, f"def {name}({signature}):", textwrap.indent(_docstring(note), INDENT)]
    lines += [INDENT + line for line in (*_nonempty(learned), *_body(operator, learned))]
    return "\n".join(lines) + "\n"


def _parameters(operator: Operator) -> Iterator[str]:
    star = False
    for argument in operator.schema.arguments:
        if keyword.iskeyword(argument.name):
            raise ValueError(f"{operator.name} has an argument called {argument.name!r}, which Python cannot have")
        if argument.kwarg_only and not star:
            star = True
            yield "*"
        yield argument.name + (f"={argument.default_value!r}" if argument.has_default_value() else "")


def _docstring(note: str) -> str:
    return f'"""{note.rstrip()}\n"""'


def _nonempty(learned: Learned) -> Iterator[str]:
    """Checks of the dimensions that must not be 0."""
    for name, dim in learned.nonempty:
        if name.endswith("[]"):
            yield f"for item in {name[:-2]}:"
            yield f"{INDENT}torch._check(item.shape[{dim}] != 0)"
        else:
            yield f"if {name} is not None and {name}.dim() >= {-dim}:"
            yield f"{INDENT}torch._check({name}.shape[{dim}] != 0)"
    for row in learned.foreign:
        yield f"if {' and '.join(DTYPES[kind].format(name) for name, kind in row)}:"
        yield f'{INDENT}raise NotImplementedError("the shapes are other ones for these dtypes")'


DTYPES = {
    "complex": "{}.dtype.is_complex",
    "bool": "{}.dtype == torch.bool",
    "float": "{}.dtype.is_floating_point",
    "int": "not ({0}.dtype.is_floating_point or {0}.dtype.is_complex or {0}.dtype == torch.bool)",
}
"""Kind of dtypes → a condition."""


def _body(operator: Operator, learned: Learned) -> list[str]:
    lines: list[str] = []
    if learned.by:
        for number, case in enumerate(learned.cases):
            word = "if" if number == 0 else "elif"
            lines.append(f"{word} {_condition(operator, case)}:")
            lines += [INDENT + line for line in _case(operator, case)]
        lines.append(f'raise NotImplementedError("{operator.name} was not observed with these arguments")')
        return lines
    (case,) = learned.cases
    lines += _domain(operator, case)
    return lines + _case(operator, case)


def _case(operator: Operator, case: Case) -> list[str]:
    if case.result is None:
        return [f"raise NotImplementedError({('not learned: ' + case.reason)!r})"]
    fixed = [f"torch._check({code} == {number})  # no other value was accepted" for code, number in case.fixed]
    return fixed + Writer(operator).result(case.result)


def _domain(operator: Operator, case: Case) -> list[str]:
    """A check of the structures that were observed."""
    condition = _condition(operator, case)
    if condition == "True":
        return []
    return [
        f"if not ({condition}):",
        f'{INDENT}raise NotImplementedError("{operator.name} was observed with other ranks and options only")',
    ]


def _condition(operator: Operator, case: Case) -> str:
    """A condition that holds for the structures that were observed, and for no others."""
    columns = list(zip(*case.structures, strict=True))
    readers = {i: _reader(operator.parameters[i], list(dict.fromkeys(kinds))) for i, kinds in enumerate(columns)}
    tested = [i for i, reader in readers.items() if reader]
    single = [i for i in tested if len(set(columns[i])) == 1]
    several = [i for i in tested if i not in single]
    tests = [_is(readers[i], _key(columns[i][0])) for i in single]
    rows = dict.fromkeys(tuple(_key(each[i]) for i in several) for each in case.structures)
    values = [list(dict.fromkeys(row[n] for row in rows)) for n in range(len(several))]
    if len(rows) == math.prod(map(len, values)):
        tests += [_is_one_of(readers[i], options) for i, options in zip(several, values, strict=True)]
    else:
        tests.append(f"({', '.join(readers[i] for i in several)}) in ({', '.join(map(_tuple, rows))})")
    return " and ".join(test for test in tests if test) or "True"


def _reader(name: str, kinds: Sequence[Any]) -> str:
    """Code that reads what structures say of an argument; "" where there is nothing to test."""
    if all(kind in ("number", "float", "object") for kind in kinds):
        return ""
    code = name
    known = next((kind for kind in kinds if kind is not None), None)
    if isinstance(known, tuple):
        ranks = f"tuple(sorted({{t.dim() for t in {name}}}))"
        codes = {"rank": f"{name}.dim()", "length": f"len({name})", "ranks": ranks, "values": f"tuple({name})"}
        code = codes[known[0]]
        if known[0] == "ranks" and any(None in kind for kind in kinds if kind):
            code = f"tuple(None if t is None else t.dim() for t in {name})"
    elif known in ("number", "float", "object"):
        return f"({name} is None)"
    elif isinstance(known, str) and known.startswith("torch."):
        return f"str({name})"
    return f"(None if {name} is None else {code})" if None in kinds and isinstance(known, tuple) else code


def _key(kind: Any) -> str:
    """Code of the value that a reader has for a structure."""
    if isinstance(kind, tuple) and kind[0] in ("rank", "length", "values"):
        return repr(kind[1])
    if isinstance(kind, tuple):
        return repr(kind[1:])
    if kind in ("number", "float", "object"):
        return "False"  # of `name is None`, read where others are None
    return repr(kind)


def _is(reader: str, key: str) -> str:
    if key in ("True", "False", "None") and not reader.startswith("("):
        return {"True": reader, "False": f"not {reader}", "None": f"{reader} is None"}[key]
    return f"{reader} == {key}"


def _is_one_of(reader: str, keys: Sequence[str]) -> str:
    if set(keys) == {"True", "False"}:
        return ""
    return f"{reader} in {_tuple(keys)}"


def _tuple(items: Sequence[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
