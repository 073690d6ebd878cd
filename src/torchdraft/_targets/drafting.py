"""Drafts a target's model; exceptions become usage errors with the user's frames."""

from __future__ import annotations

from typing import Any, Literal

from torchdraft.model.errors import WrongArgument

from .raised import raised
from .target import Target
from .usage_error import UsageError


def draft(
    found: Target,
    *,
    strict: bool = False,
    paths: Literal["example", "all"] = "example",
    check_kernels: Literal["custom", "all", "none"] = "custom",
    learn_sizes: bool = False,
) -> Any:
    """The program. Raises `UsageError` if `draft_export` raises: the call is wrong, or the eager model raises."""
    import torchdraft

    try:
        return torchdraft.draft_export(
            found.model,
            found.args,
            dict(found.kwargs),
            dynamic_shapes=found.dynamic_shapes,
            strict=strict,
            paths=paths,
            check_kernels=check_kernels,
            learn_sizes=learn_sizes,
        )
    except WrongArgument as error:
        raise UsageError(error.given, expected=error.expected, advice=error.advice) from error
    except (Exception, SystemExit) as error:
        what = f"drafting {type(found.model).__name__} raised"
        raise raised(what, error, "a model that runs eagerly on its example: model(*args, **kwargs)") from error
