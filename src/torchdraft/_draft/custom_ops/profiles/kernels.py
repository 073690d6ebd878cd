"""Temporary fake kernels that follow profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from typing import Any

import torch

from torchdraft._draft.custom_ops.infer import carries_symbols, written_arguments
from torchdraft._torch.library import MissingOpProfile, TensorMetadata, operator_named
from torchdraft._torch.patches.operators.fake_kernels import temporary_fake_kernel

from .calls import argument_key, bound_arguments
from .no_match import no_match, several_match
from .op_profile import OutputMetadata, Value, arguments_of, fits_argument
from .size_relations import evaluate


@contextmanager
def unsafe_generate_fake_kernels(op_profiles: Mapping[str, Set[Any]]) -> Iterator[None]:
    """A context in which every operator of `op_profiles` has a fake kernel that follows its profiles.

    A call that fits a profile (rank, dtype, device and layout of each tensor argument, the values of the other
    arguments) returns outputs of the rank, dtype, device, layout and order of strides in that profile, with unbacked
    sizes where the profile has no relation for them. Any other call raises `MissingOpProfile`, which says what differs.
    Inside the block, the operator's own fake kernel is not used; afterwards it is as before.

    Unsafe: a profile describes the calls that were observed; the operator may behave differently on other inputs.

    For example::

        program = torchdraft.draft_export(model, args)
        with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
            program = program.run_decompositions()

    Args:
        op_profiles: operator (`mylib.foo.default`) → its profiles, from a report or from `load_op_profiles`.

    Raises:
        ValueError: a key is not the name of an operator, or of one that is registered in this process.

    """
    with ExitStack() as stack:
        for op, profiles in op_profiles.items():
            stack.enter_context(temporary_fake_kernel(_qualified(op), _kernel(_operator(op), profiles)))
        yield


def _qualified(op: str) -> str:
    """`mylib.foo.default` as the dispatcher's `mylib::foo`."""
    namespace, _, rest = op.partition(".")
    name, _, overload = rest.partition(".")
    if not namespace or not name:
        raise ValueError(f"expected an operator as 'namespace.name.overload', such as 'mylib.foo.default'; got {op!r}")
    return f"{namespace}::{name}" + (f".{overload}" if overload not in ("", "default") else "")


def _operator(op: str) -> Any:
    try:
        return operator_named(_qualified(op))
    except AttributeError:
        raise ValueError(
            f"no operator {op!r} is registered in this process; import the package that defines it first"
        ) from None


def _kernel(op: Any, profiles: Set[Any]) -> Callable[..., Any]:
    def kernel(*args: Any, **kwargs: Any) -> Any:
        profile = _profile_for(op, profiles, args, kwargs)
        written = written_arguments(op, args, kwargs)
        return _Outputs(op, bound_arguments(op, args, kwargs)).of(profile.out_profile, written)

    return kernel


def _profile_for(op: Any, profiles: Set[Any], args: Any, kwargs: Any) -> Any:
    """The profile that a call fits. Raises `MissingOpProfile` where none fits, or several say different things."""
    key = dict(argument_key(op, args, kwargs))
    given = [TensorMetadata.maybe_from_tensor(a) for a in (*args, *kwargs.values())]
    fitting = [p for p in profiles if _fits(p, key, given)] or [p for p in profiles if _fits(p, key, given, lax=True)]
    if not fitting:
        raise MissingOpProfile(no_match(op, profiles, key, given))
    fitting = [p for p in fitting if arguments_of(p) is not None] or fitting  # those that say more
    if any(each.out_profile != fitting[0].out_profile for each in fitting):
        raise MissingOpProfile(several_match(op, fitting))
    return fitting[0]


def _fits(profile: Any, key: Mapping[str, Any], given: list[Any], *, lax: bool = False) -> bool:
    """Whether a call fits a profile. `lax`: a number that is symbolic here fits every number."""
    arguments = arguments_of(profile)
    if arguments is None:  # an argument that is left at its default counts as None
        return all(one == other for one, other in zip_longest(profile.args_profile, given))
    return all(fits_argument(wanted, key.get(name), lax=lax) for name, wanted in arguments)


class _Outputs:
    """Makes the outputs of one call."""

    def __init__(self, op: Any, arguments: Mapping[str, Any]) -> None:
        self.op = op
        self.arguments = arguments

    def of(self, profile: Any, written: list[Any]) -> Any:
        """The outputs of a profile. `written`: for each, the argument that it is, or None."""
        if isinstance(profile, tuple):
            own = written if len(written) == len(profile) else [None] * len(profile)
            made = [self.of(p, [w]) for p, w in zip(profile, own, strict=True)]
            return tuple(made)
        if len(written) == 1 and written[0] is not None:
            return written[0]
        if profile is None:
            return None
        if not isinstance(profile, TensorMetadata):
            return self._number(profile)
        shared = self.arguments.get(getattr(profile, "shares", ""))
        return shared if isinstance(shared, torch.Tensor) else self._tensor(profile)

    def _number(self, profile: Any) -> Any:
        kind, values = (profile.kind, profile.values) if isinstance(profile, Value) else (profile, ())
        if len(values) == 1 and not (kind is int and carries_symbols(self.op)):
            return values[0]
        env = torch.library.get_ctx()._shape_env
        makers = {int: env.create_unbacked_symint, float: env.create_unbacked_symfloat}
        makers[bool] = env.create_unbacked_symbool
        if kind not in makers or len(values) > 1:
            seen = f"; {', '.join(map(repr, values))} were observed" if values else ""
            raise MissingOpProfile(f"a profile cannot say which {kind.__name__} {self.op} returns{seen}")
        return makers[kind]()

    def _tensor(self, wanted: Any) -> torch.Tensor:
        context = torch.library.get_ctx()
        relations = getattr(wanted, "sizes", None) or [None] * wanted.rank
        sizes = [context.new_dynamic_size() if r is None else evaluate(r, self.arguments) for r in relations]
        options = {"dtype": wanted.dtype, "device": wanted.device}
        if not isinstance(wanted, OutputMetadata) or wanted.stride_order is None:
            return torch.empty(sizes, layout=wanted.layout, **options)
        return torch.empty_strided(sizes, _strides(wanted, sizes, context), **options)


def _strides(wanted: OutputMetadata, sizes: list[Any], context: Any) -> list[Any]:
    """Strides in the order of the profile: products of sizes, and free numbers where there are gaps."""
    strides: list[Any] = [0] * wanted.rank
    expected: Any = 1
    for dim in wanted.stride_order or ():
        if dim in wanted.expanded:
            continue
        if dim in wanted.gaps:
            expected = context.new_dynamic_size()
        strides[dim] = expected
        expected = expected * sizes[dim]
    return strides
