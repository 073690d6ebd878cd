"""Temporary fake kernels that follow profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from typing import Any

import torch

from torchdraft._torch.library import MissingOpProfile, TensorMetadata, operator_named
from torchdraft._torch.patches.fake_kernels import temporary_fake_kernel

from .infer import written_arguments


@contextmanager
def unsafe_generate_fake_kernels(op_profiles: Mapping[str, Set[Any]]) -> Iterator[None]:
    """A context in which every operator of `op_profiles` has a fake kernel that follows its profiles.

    A call that fits a profile (rank, dtype, device and layout of each tensor argument) returns outputs of the rank,
    dtype, device and layout in that profile, contiguous, with unbacked sizes. Any other call raises `MissingOpProfile`.
    Inside the block, the operator's own fake kernel is not used.

    Unsafe: a profile describes the calls that were observed; the operator may behave differently on other inputs.

        program = torchdraft.draft_export(model, args)
        with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
            program = program.run_decompositions()

    Args:
        op_profiles: operator (`mylib.foo.default`) → its profiles, from a report or from `load_op_profiles`.

    Raises:
        ValueError: a key is not the name of an operator.

    """
    with ExitStack() as stack:
        for op, profiles in op_profiles.items():
            name = _qualified(op)
            stack.enter_context(temporary_fake_kernel(name, _kernel(name, profiles)))
        yield


def _qualified(op: str) -> str:
    """`mylib.foo.default` as the dispatcher's `mylib::foo`."""
    namespace, _, rest = op.partition(".")
    name, _, overload = rest.partition(".")
    if not namespace or not name:
        raise ValueError(f"expected an operator as 'namespace.name.overload', such as 'mylib.foo.default'; got {op!r}")
    return f"{namespace}::{name}" + (f".{overload}" if overload not in ("", "default") else "")


def _kernel(name: str, profiles: Set[Any]) -> Callable[..., Any]:
    def kernel(*args: Any, **kwargs: Any) -> Any:
        given = [TensorMetadata.maybe_from_tensor(a) for a in (*args, *kwargs.values())]
        for profile in profiles:
            if _fits(profile.args_profile, given):
                return _outputs(profile.out_profile, written_arguments(operator_named(name), args, kwargs))
        raise MissingOpProfile(
            f"no profile of {name} fits the arguments {given}; it has {len(profiles)}: "
            + ", ".join(str(list(p.args_profile)) for p in profiles)
            + ". Draft the model again with these inputs, or add a profile by hand."
        )

    return kernel


def _fits(wanted: tuple[Any, ...], given: list[Any]) -> bool:
    """Whether the arguments are those of a profile. One that is left at its default counts as None."""
    return all(one == other for one, other in zip_longest(wanted, given))


def _outputs(profile: Any, written: list[Any]) -> Any:
    if isinstance(profile, tuple):
        own = written if len(written) == len(profile) else [None] * len(profile)
        return tuple(_outputs(p, [w]) for p, w in zip(profile, own, strict=True))
    if len(written) == 1 and written[0] is not None:
        return written[0]
    if not isinstance(profile, type):
        return None if profile is None else _tensor(profile)
    env = torch.library.get_ctx()._shape_env
    makers = {int: env.create_unbacked_symint, float: env.create_unbacked_symfloat, bool: env.create_unbacked_symbool}
    if profile not in makers:
        raise MissingOpProfile(f"a profile cannot say which {profile.__name__} an operator returns")
    return makers[profile]()


def _tensor(wanted: Any) -> torch.Tensor:
    context = torch.library.get_ctx()
    sizes = [context.new_dynamic_size() for _ in range(wanted.rank)]
    return torch.empty(sizes, dtype=wanted.dtype, device=wanted.device, layout=wanted.layout)
