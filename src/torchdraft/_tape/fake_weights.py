"""Weights without data: building a model too large for this machine, and drafting it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torchdraft._torch.fake import FakeTensorMode


@contextmanager
def fake_weights() -> Iterator[None]:
    """Inside, modules are built with parameters and buffers that have shapes and no data.

    Such a model drafts like any other. Where the trace asks for a value that depends on a weight, a seeded stand-in
    answers: normal numbers of deviation 0.02, zeros for other than floating types. What was taken from it is asserted.
    Nothing is compared with eager, and the report says that (TD903). Inputs made outside may be real tensors.

        with torchdraft.fake_weights():
            model = LlamaForCausalLM(config)
        program = torchdraft.draft_export(model, (ids,))
    """
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield
