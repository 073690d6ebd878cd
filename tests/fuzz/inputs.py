"""Generates the example inputs of a program and their dynamic dimensions.

The inputs are source code as well: a function of a seed and of one size per dynamic dimension. The same text therefore
gives other inputs of other sizes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .builder import InputSpec, indent

STYLES = {"static": 4.0, "auto": 3.0, "dynamic": 1.5, "named": 2.0}


@dataclass(slots=True)
class InputWriter:
    """Collects parameters one by one, then writes the source."""

    rng: random.Random
    style: str
    sizes: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    positional: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    shapes: dict[str, str] = field(default_factory=dict)
    """Parameters, with the source of their dynamic shapes."""
    prologue: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tensors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Float tensors so far, with their sizes as source."""
    features: list[str] = field(default_factory=list)

    # -- sizes

    def size(self, dynamic: float = 0.6) -> str:
        """A size as source: a number, or the name of a dynamic size."""
        if self.style == "static" or self.rng.random() > dynamic:
            return str(self.rng.choice([2, 3, 4, 4, 5, 6]))
        if self.sizes and self.rng.random() < 0.5:
            return self.rng.choice(list(self.sizes))
        name = f"s{len(self.sizes)}"
        self.sizes[name] = self.rng.choice([3, 4, 5, 6])
        return name

    def shape_spec(self, sizes: tuple[str, ...]) -> str:
        """Dynamic shapes of one tensor as source."""
        marked = {index: size for index, size in enumerate(sizes) if size in self.sizes}
        if not marked:
            return "None"
        spelled = {"auto": lambda _: "Dim.AUTO", "dynamic": lambda _: "Dim.DYNAMIC", "named": str.upper}[self.style]
        return "{" + ", ".join(f"{index}: {spelled(size)}" for index, size in marked.items()) + "}"

    # -- parameters

    def tensor(self, name: str, dims: int) -> None:
        """A float tensor."""
        sizes = tuple(self.size(0.6 if index == 0 else 0.25) for index in range(dims))
        self.lines.append(f"{name} = torch.randn({', '.join(sizes) or '()'}, generator=g)")
        if dims > 1 and self.rng.random() < 0.3:
            other = self.rng.choice(
                [
                    f"{name}.transpose(0, -1).contiguous().transpose(0, -1)",
                    f"torch.cat([{name}, {name}])[{name}.shape[0]:]",
                    f"{name}.requires_grad_()",
                ]
            )
            self.lines.append(f"{name} = {other} if vary else {name}")
            self.features.append("input_laid_out")
        self.tensors[name] = sizes
        self.shapes[name] = self.shape_spec(sizes)

    def integers(self, name: str) -> None:
        """Indices, counts or one number."""
        kind = self.rng.choice(["indices", "count", "counts"])
        if kind == "count":
            self.lines.append(f"{name} = torch.randint(1, 4, (), generator=g)")
            self.shapes[name] = "None"
            return
        size = self.size(0.4)
        self.lines.append(f"{name} = torch.randint({0 if kind == 'indices' else 1}, 4, ({size},), generator=g)")
        self.shapes[name] = self.shape_spec((size,))

    def mask(self, name: str) -> None:
        """A mask with the shape of an earlier tensor, or a vector."""
        sizes = self.rng.choice([*self.tensors.values(), (self.size(),)]) or ("3",)
        self.lines.append(f"{name} = torch.rand({', '.join(sizes)}, generator=g) > 0.4")
        self.shapes[name] = self.shape_spec(sizes)

    def alias(self, name: str) -> None:
        """An earlier tensor again, or one that shares its storage."""
        base = self.rng.choice([n for n, sizes in self.tensors.items() if sizes] or [""])
        if not base:
            return self.tensor(name, 2)
        sizes = self.tensors[base]
        form = self.rng.choice(["same", "view", "turned", "part"])
        self.features.append(f"input_{form}")
        if form == "turned":
            self.lines.append(f"{name} = {base}.transpose(0, -1)")
            sizes = (sizes[-1], *sizes[1:-1], sizes[0]) if len(sizes) > 1 else sizes
        elif form == "part" and sizes[0] not in self.sizes:
            self.lines.append(f"{name} = {base}[1:]")
            sizes = (str(int(sizes[0]) - 1), *sizes[1:])
        else:
            self.lines.append(f"{name} = {base}" + ("" if form == "same" else f".view_as({base})"))
        self.tensors[name] = sizes
        self.shapes[name] = self.shape_spec(sizes)
        return None

    def container(self, name: str) -> None:
        """A tuple, list, dict, named tuple or dataclass of tensors."""
        form = self.rng.choice(["tuple", "list", "dict", "dict", "dataclass", "dataclass", "namedtuple"])
        one, two = f"{name}_one", f"{name}_two"
        self.tensor(one, 2)
        self.tensor(two, 1)
        spec = (self.shapes.pop(one), self.shapes.pop(two))
        if form == "dict":
            made, taken = f"{{'one': {one}, 'two': {two}}}", [f"{name}['one']", f"{name}['two']"]
            self.shapes[name] = f"{{'one': {spec[0]}, 'two': {spec[1]}}}"
        elif form in {"dataclass", "namedtuple"}:
            cls = "Pair" if form == "dataclass" else "Named"
            made, taken = f"{cls}({one}, {two})", [f"{name}.one", f"{name}.two"]
            in_class = form == "namedtuple" and self.rng.random() < 0.5
            self.shapes[name] = f"Named({spec[0]}, {spec[1]})" if in_class else f"[{spec[0]}, {spec[1]}]"
        else:
            left, right = ("(", ")") if form == "tuple" else ("[", "]")
            made, taken = f"{left}{one}, {two}{right}", [f"{name}[0]", f"{name}[1]"]
            self.shapes[name] = f"{left}{spec[0]}, {spec[1]}{right}"
        self.lines.append(f"{name} = {made}")
        self.prologue += [f"{one} = {taken[0]}", f"{two} = {taken[1]}"]
        self.names += [one, two]
        self.features.append(f"input_{form}")

    def plain(self, name: str) -> None:
        """A Python argument; `vary` changes it."""
        first, other = self.rng.choice(
            [("2", "3"), ("0.5", "1.5"), ("True", "False"), ("'sum'", "'mean'"), ("None", "1")]
        )
        self.lines.append(f"{name} = {other} if vary else {first}")
        self.shapes[name] = "None"
        self.features.append("input_python")

    def parameter(self, name: str, first: bool) -> None:
        """One more parameter of any kind."""
        kinds = {"tensor": 6, "integers": 3, "mask": 1, "alias": 1.5, "container": 1, "plain": 1.2, "scalar": 0.7}
        kind = "tensor" if first else self.rng.choices(list(kinds), list(kinds.values()))[0]
        if kind == "tensor":
            self.tensor(name, self.rng.choice([1, 2, 2, 2, 3]))
        elif kind == "scalar":
            self.tensor(name, 0)
        else:
            getattr(self, kind)(name)
        if kind != "container":
            self.names.append(name)
        keyword = not first and self.rng.random() < (0.5 if self.keywords else 0.15)
        (self.keywords if keyword else self.positional).append(name)

    def source(self) -> str:
        """The source of `inputs`, `DIMS` and `DYNAMIC_SHAPES`."""
        sizes = "".join(f", {name}={size}" for name, size in self.sizes.items())
        args = ", ".join(self.positional) + ("," if len(self.positional) == 1 else "")
        kwargs = ", ".join(f"'{name}': {name}" for name in self.keywords)
        body = ["g = torch.Generator().manual_seed(seed)", *self.lines, f"kwargs = {{{kwargs}}}"]
        turned = "dict(reversed(kwargs.items())) if vary else kwargs"
        body.append(f"return ({args}), {turned if len(self.keywords) > 1 else 'kwargs'}")
        text = f"def inputs(seed=0, vary=False{sizes}):\n{indent(chr(10).join(body))}\n\n\n"
        if "input_dataclass" in self.features:
            text = "@dataclasses.dataclass\nclass Pair:\n    one: torch.Tensor\n    two: torch.Tensor\n\n\n" + text
        if "input_namedtuple" in self.features:
            text = "class Named(NamedTuple):\n    one: torch.Tensor\n    two: torch.Tensor\n\n\n" + text
        low = {name: 2 if self.style == "named" else self.rng.choice([0, 1, 2, 2]) for name in self.sizes}
        text += (
            "DIMS = {" + ", ".join(f"'{name}': ({low[name]}, {size + 3})" for name, size in self.sizes.items()) + "}\n"
        )
        if self.style == "named":
            text += "".join(f"{n.upper()} = Dim('{n}', min=2, max=64)\n" for n in self.sizes)
        spec = ", ".join(f"'{name}': {self.shapes[name]}" for name in (*self.positional, *self.keywords))
        return text + (f"DYNAMIC_SHAPES = {{{spec}}}\n" if self.sizes else "DYNAMIC_SHAPES = None\n")


def write_inputs(rng: random.Random) -> InputSpec:
    """Inputs of one program."""
    writer = InputWriter(rng, rng.choices(list(STYLES), list(STYLES.values()))[0])
    for index in range(rng.choice([1, 2, 2, 3, 3, 4])):
        writer.parameter("abcdef"[index], first=index == 0)
    signature = ", ".join(["self", *writer.positional, *(["*", *writer.keywords] if writer.keywords else [])])
    writer.features += ["input_keywords"] if len(writer.keywords) > 1 else []
    features = [f"shapes_{writer.style}" if writer.sizes else "shapes_static", *writer.features]
    return InputSpec(signature, writer.source(), tuple(writer.prologue), tuple(writer.names), tuple(features))
