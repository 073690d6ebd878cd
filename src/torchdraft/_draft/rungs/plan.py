"""How the next attempt traces the model: a frozen plan, and what is known of a failed attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch

from torchdraft.model.events import Event, FellBack, Frame, ResultFrozen


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to trace the model. `next_plan` (in `ladder.py`) makes the next one after a failure."""

    strict: bool = False
    """Trace through Dynamo."""
    always_check: bool = False
    """Compare the program with eager whatever that costs."""
    auto_dims: int = 0
    """Leave dynamic dimensions to the tracer: 1 those that the example breaks, 2 all of them."""
    hide_tracing: bool | None = None
    """Answer False to a model that asks whether it is being traced. None: that was not tried yet."""
    gradients: bool = False
    """Follow the tensors that autograd saves for the backward pass; `forward` computes gradients."""
    islands: Mapping[str, FellBack] = field(default_factory=dict)
    """Dotted name of a module that is recorded from its real run → why. "" is the whole model."""
    frozen: ResultFrozen | None = None
    """Why the program returns the example's result, where it comes to that."""

    def outermost_islands(self) -> list[str]:
        """The islands that are not inside another one."""
        names = list(self.islands)
        return [n for n in names if not any(n != o and (o == "" or n.startswith(o + ".")) for o in names)]

    def causes(self) -> int:
        """How many failures made the islands; modules of one class share one."""
        return len({id(event) for event in self.islands.values()})

    def events(self, unasserted: tuple[str, ...] = ()) -> list[Event]:
        """The events that report the rungs below the first. `unasserted`: what a frozen result depends on beside its
        inputs, under no assertion.
        """
        if self.frozen is not None:
            return [replace(self.frozen, unasserted=unasserted)]
        return [self.islands[name] for name in self.outermost_islands()]


@dataclass(frozen=True, slots=True)
class ModelOutline:
    """The modules of the model by dotted name, "" being the model: all that `next_plan` knows of it."""

    classes: Mapping[str, type[torch.nn.Module]]

    @classmethod
    def of(cls, mod: torch.nn.Module) -> ModelOutline:
        """The outline of `mod`."""
        return cls({name: type(module) for name, module in mod.named_modules()})

    def is_called(self, name: str) -> bool:
        """Whether a module has a `forward`; lists and dictionaries of modules have none."""
        return getattr(self.classes[name].forward, "__name__", "") != "_forward_unimplemented"

    def of_same_class(self, name: str) -> list[str]:
        """The module, and with it every submodule of its class: a stack of layers costs one more attempt, not many."""
        if name == "":
            return [""]
        return [name, *(n for n, cls in self.classes.items() if n and n != name and cls is self.classes[name])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is known of an attempt that raised, or whose program differs from eager on the example."""

    exception: str
    """Type and first line of the message."""
    stack: tuple[Frame, ...] = ()
    """The user's frames, outermost first."""
    module: str = ""
    """Dotted name of the innermost submodule that the exception passed through."""
    whole_model: bool = False
    """No submodule is to blame: the next rung is one for the whole model."""
    breaks_constraint: bool = False
    """The example breaks the requested `dynamic_shapes`."""
    model_saw_tracing: bool = False
    """The model had asked whether it is being traced, and its own code raised or the program differs from eager."""
    tensor_lost: bool = False
    """A tensor was computed where the tracer does not see it."""
    gradients: bool = False
    """`forward` had computed gradients."""
    differs: bool = False
    """A program came out, and differs from eager on the example."""
