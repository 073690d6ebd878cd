"""A tensor printed, logged and put into a message that is never raised: nothing depends on it."""

import logging

import torch

from tests.cases.case import Call, Case, numbers

log = logging.getLogger("tests.cases.text_only_shown")


class Model(torch.nn.Module):
    def forward(self, x):
        log.debug(f"mean {x.mean()} of {x}")
        assert x.dim() == 1, f"got {x}"
        return x * 2


CASE = Case(
    origin="upstream: f-string of a tensor",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)), Call(torch.zeros(3))),
)
