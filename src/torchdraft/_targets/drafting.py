"""From a target's model to a program, with what goes wrong told in the user's terms."""

from __future__ import annotations

from typing import Any

from torchdraft.rules import user_frames_of

from .target import Target
from .usage_error import Mistake


def draft(found: Target, *, strict: bool = False) -> Any:
    """The program. What `draft_export` raises is the model's own exception: it says why eager fails, and where."""
    import torchdraft

    try:
        return torchdraft.draft_export(
            found.model, found.args, dict(found.kwargs), dynamic_shapes=found.dynamic_shapes, strict=strict
        )
    except (Exception, SystemExit) as error:
        raise Mistake(
            f"drafting {type(found.model).__name__} raised {type(error).__name__}: {error}",
            expected="a model that runs eagerly on its example: model(*args, **kwargs)",
            frames=user_frames_of(error),
        ) from error
