"""Drafts a target's model; exceptions become usage errors with the user's frames."""

from __future__ import annotations

from typing import Any, Literal

from torchdraft.rules import user_frames_of

from .target import Target
from .usage_error import UsageError


def draft(
    found: Target,
    *,
    strict: bool = False,
    paths: Literal["example", "all"] = "example",
    check_kernels: Literal["custom", "all", "none"] = "custom",
) -> Any:
    """The program. Raises `UsageError` if `draft_export` raises, which is an exception of the eager model."""
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
        )
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"drafting {type(found.model).__name__} raised {type(error).__name__}: {error}",
            expected="a model that runs eagerly on its example: model(*args, **kwargs)",
            frames=user_frames_of(error),
        ) from error
