"""Weights without data, to build and draft a model that is too large for this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torchdraft._torch.symbolic.fake import FakeTensorMode


@contextmanager
def fake_weights() -> Iterator[None]:
    """Modules that are built inside the block have parameters and buffers with shapes but without data.

    Such a model can be drafted like any other. If the trace needs a value that depends on a weight, the weight is
    replaced by a seeded surrogate: normal numbers with a standard deviation of 0.02, or zeros for types that are not
    floating point. Values read from a surrogate are asserted in the program. The program is not compared with eager,
    which the report states (TD903). Inputs may be real tensors if they are made outside the block. For example::

        with torchdraft.fake_weights():
            model = LlamaForCausalLM(config)
        program = torchdraft.draft_export(model, (ids,))

    """
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield
