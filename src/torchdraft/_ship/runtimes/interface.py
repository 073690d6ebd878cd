"""How a shipped program is called: its inputs and outputs by name, and the structures that they make up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch

from torchdraft._torch import pytree

VALID, BROKEN = "torchdraft_valid", "torchdraft_broken"
"""Outputs: whether all assumptions hold, and the number of the first one that does not, 0 for none."""


class AssumptionBroken(RuntimeError):
    """An assumption of a shipped program does not hold for the inputs."""


Kind = Literal["tensor", "int", "float", "bool", "constant"]


@dataclass(frozen=True, slots=True)
class CallInterface:
    """Names and kinds. JSON types only: the shipped file contains it."""

    inputs: tuple[str, ...]
    """Name of each leaf of the arguments."""
    input_kinds: tuple[Kind, ...]
    outputs: tuple[str, ...]
    """Name of each output of the shipped program: results, writes, assumptions."""
    results: tuple[tuple[Kind, Any], ...]
    """For each leaf of the result: its kind, and its name or its constant value."""
    input_writes: Mapping[str, str] = field(default_factory=dict)
    """Input that the model writes to → the output that is its value after the call."""
    state: Mapping[str, str] = field(default_factory=dict)
    """Input that is a buffer of the model → the output that is its value after the call."""
    buffers: Mapping[str, str] = field(default_factory=dict)
    """Input that is a buffer → the buffer's name in the model."""
    contiguous: tuple[str, ...] = ()
    """Inputs that have to be contiguous tensors: the program depends on strides, and the runtime has none."""
    assumptions: tuple[str, ...] = ()
    """The assumptions, in one line each; `torchdraft_broken` counts from 1."""

    def to_json(self) -> dict[str, Any]:
        """The interface as JSON types."""
        return asdict(self)

    @classmethod
    def from_metadata(cls, text: str | None) -> CallInterface:
        """Reads the metadata of a shipped file. Raises `ValueError` if torchdraft did not write it."""
        if not text:
            raise ValueError(
                "the model has no metadata of torchdraft: give a callable, or a model of torchdraft.to_onnx"
            )
        found = json.loads(text)
        found["results"] = [tuple(each) for each in found["results"]]
        fields: Any = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
        return cls(**fields)

    def passed(self) -> list[str]:
        """The inputs of the shipped program: those that are not constant, then the buffers."""
        given = zip(self.inputs, self.input_kinds, strict=True)
        return [*(name for name, kind in given if kind != "constant"), *self.buffers]

    def feed(self, leaves: list[Any]) -> dict[str, torch.Tensor]:
        """The tensors to pass, by name. Constant arguments are no inputs."""
        pairs = zip(self.inputs, self.input_kinds, leaves, strict=True)
        return {name: torch.as_tensor(leaf) for name, kind, leaf in pairs if kind != "constant"}

    def text_of(self, number: int) -> str:
        """The assumption with a number."""
        text = self.assumptions[number - 1] if 0 < number <= len(self.assumptions) else "an assumption does not hold"
        return f"{text} ({BROKEN} is {number})"

    def result(self, outputs: Mapping[str, torch.Tensor]) -> list[Any]:
        """The leaves of the result."""
        return [value if kind == "constant" else _as(kind, outputs[value]) for kind, value in self.results]


def _as(kind: Kind, tensor: torch.Tensor) -> Any:
    return tensor if kind == "tensor" else {"int": int, "float": float, "bool": bool}[kind](tensor.item())


def kind_of(value: Any) -> Kind:
    """The kind of a value in the metadata of a node."""
    if isinstance(value, torch.Tensor):
        return "tensor"
    kinds: tuple[tuple[type, Kind], ...] = ((torch.SymInt, "int"), (torch.SymFloat, "float"), (torch.SymBool, "bool"))
    return next((kind for cls, kind in kinds if isinstance(value, cls)), "constant")


class _Mark:
    """Stands for a leaf."""


def names_of_results(spec: Any, count: int) -> list[str]:
    """Names for the leaves of a result: their paths, `logits`, `output_0`."""
    marks = [_Mark() for _ in range(count)]
    example = pytree.tree_unflatten(marks, spec)
    names = []
    for path, leaf in pytree.leaves_with_path(example):
        if not isinstance(leaf, _Mark):  # part of the structure, as texts are
            continue
        words = [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", "")))) for key in path]
        name = "_".join("".join(c if c.isalnum() else "_" for c in word) for word in words)
        names.append(name if name and not name[0].isdigit() else f"output_{name}".rstrip("_"))
    return names


def unique(names: list[str]) -> list[str]:
    """The names, with a number where one is there already."""
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        names[place] = name if seen[name] == 1 else f"{name}_{seen[name] - 1}"
    return names
