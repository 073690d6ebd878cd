"""torchdraft: a graph, always, and everything that stands between a PyTorch model and a sound export."""

from ._torch.probe import UnsupportedTorch, check_version

check_version()

from ._draft import draft_export  # noqa: E402

__all__ = ["UnsupportedTorch", "draft_export"]
