"""Finds the calls to begin with: those that a model makes, those of profiles, and calls made up from the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

import torch

from torchdraft._draft.custom_ops.trusted_ops import BUILTIN, TrustedOps
from torchdraft._torch.graph.operator_calls import RecordedCalls
from torchdraft._torch.library import has_written_fake, needs_no_fake_kernel
from torchdraft._torch.pytree import tree_leaves, tree_map

from .experiments.calls import Call, TensorSpec
from .experiments.operator import Operator

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

MOST_CALLS = 6
"""How many different calls of one operator are kept."""
MOST_ATTEMPTS = 400


def calls_of_model(
    model: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[Any, list[Arguments]]:
    """Operator → its different calls in a run of the model on copies of the inputs. Operators of torch are left out."""
    found: dict[Any, dict[Any, Arguments]] = {}

    def note(op: Any, given: Any, named: Any) -> None:
        calls = found.setdefault(op, {})
        key = str([_metadata(leaf) for leaf in tree_leaves((given, named))])
        if key not in calls and len(calls) < MOST_CALLS:
            calls[key] = tree_map(_copied, (tuple(given), dict(named)))

    args, kwargs = tree_map(_copied, (tuple(args), dict(kwargs)))
    with torch.no_grad(), RecordedCalls(BUILTIN, note):
        model(*args, **kwargs)
    return {op: list(calls.values()) for op, calls in found.items()}


def is_ours_to_check(op: Any) -> bool:
    """Whether a model's operator needs a fake kernel, or has one that nobody else checks."""
    if needs_no_fake_kernel(op):
        return False
    return not (TrustedOps().trusts(op) and has_written_fake(op))


def _metadata(leaf: Any) -> Any:
    return (leaf.shape, leaf.dtype, leaf.stride()) if isinstance(leaf, torch.Tensor) and not leaf.is_sparse else leaf


def _copied(leaf: Any) -> Any:
    return leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf


def calls_of_profiles(operator: Operator, profiles: Iterable[Any]) -> Iterator[Call]:
    """Calls with the ranks and dtypes of profiles. Sizes and numbers, which profiles do not have, are made up."""
    for profile in profiles:
        given = list(profile.args_profile)
        specs = [_of_metadata(each) for each in given]
        yield from invented(operator, specs)


def _of_metadata(metadata: Any) -> list[TensorSpec] | None:
    rank = getattr(metadata, "rank", None)
    if rank is None:
        return None
    device = str(metadata.device)
    shapes = dict.fromkeys(((4,) * rank, tuple(range(2, 2 + rank)), (1,) * rank))
    return [TensorSpec(shape, metadata.dtype, device) for shape in shapes]


def invented(operator: Operator, given: Sequence[list[TensorSpec] | None] = ()) -> Iterator[Call]:
    """Calls made up from the schema, the likeliest first; `given`: the tensors to use for the first arguments."""
    choices = []
    for position, argument in enumerate(operator.schema.arguments):
        known = given[position] if position < len(given) else None
        if known is not None:
            choices.append(list(known))
        elif argument.has_default_value():
            choices.append([_frozen(argument.default_value)])
        else:
            choices.append(list(_values(str(argument.type))))
    order = sorted(product(*(range(len(c)) for c in choices)), key=sum)
    for chosen in islice(order, MOST_ATTEMPTS):
        yield Call(tuple(options[i] for options, i in zip(choices, chosen, strict=True)))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _values(kind: str) -> Iterator[Any]:
    """Values of a type of the schema."""
    if kind == "Tensor":
        for shape in ((4, 4), (4,), (2, 4, 4), (2, 4, 4, 4), ()):
            yield TensorSpec(shape, torch.float32)
        yield from (TensorSpec(shape, torch.int64) for shape in ((4,), (4, 4)))
    elif kind in ("List[Tensor]", "List[Optional[Tensor]]"):
        yield (TensorSpec((4, 4), torch.float32),) * 2
        yield (TensorSpec((4,), torch.float32),) * 2
    elif kind.startswith("Optional"):
        yield None
    elif kind in ("int", "SymInt", "number"):
        yield from (2, 1, 0, 4)
    elif kind.startswith(("List[int]", "List[SymInt]")):
        yield from ((1, 1), (2,), (1,), ())
    elif kind == "float":
        yield from (0.5, 1.0)
    elif kind == "bool":
        yield from (False, True)
    elif kind == "Device":
        yield torch.device("cpu")
    elif kind.startswith("List"):
        yield ()
