"""Numbers formatted into text that the model looks something up by."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x, step):
        name = f"step_{step.item()}"
        table = {"step_2": 2.0, "step_3": 3.0}
        return x * table[name] + len(f"{x.sum().item():.1f}")


CASE = Case(
    origin="upstream: f-string of a tensor; formatting of item()",
    model=Model,
    example=Call(torch.ones(2), torch.tensor(2)),
    right=(Call(torch.ones(2), torch.tensor(2)),),
    other=(
        Call(torch.ones(2), torch.tensor(3)),
        Call(torch.ones(2) * 99, torch.tensor(2)),
        Call(torch.ones(2), torch.tensor(9)),
    ),
)
