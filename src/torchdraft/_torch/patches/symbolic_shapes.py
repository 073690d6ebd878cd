"""Patches of symbolic shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torchdraft._torch.probe import need
from torchdraft._torch.shapes import _PATH

from .registry import patched


@contextmanager
def unbound_symbols_reported(adopt: Callable[[list[Any]], None]) -> Iterator[None]:
    """Hands symbols that a traced node made and does not bind to `adopt`, where upstream raises
    `PendingUnbackedSymbolNotFound`.
    """
    module: Any = need(_PATH)
    config: Any = need("torch.fx.experimental._config")
    own = need(f"{_PATH}:compute_unbacked_bindings")

    def reporting(shape_env: Any, example_value: Any, old_example_value: Any = None, peek: bool = False) -> Any:
        pending = [] if shape_env is None or peek else list(shape_env.pending_fresh_unbacked_symbols)
        bound = own(shape_env, example_value, old_example_value, peek)
        unbound = [s for s in pending if not bound or s not in bound]
        if unbound:
            adopt(unbound)
        return bound

    soft = config.patch(soft_pending_unbacked_not_found_error=True)
    with patched(module, "compute_unbacked_bindings", reporting), soft:
        yield


class Unsolved:
    """Stands in for `DimConstraints` after the guards are made: torchdraft asserts guards instead of solving them for
    suggestions, and a dimension the solver would force to a constant is no error here.
    """

    def solve(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing to solve."""

    def forced_specializations(self) -> dict[str, Any]:
        """Nothing is forced."""
        return {}

    def prettify_results(self, *_args: Any, **_kwargs: Any) -> str:
        """Nothing to tell; the report does."""
        return ""
