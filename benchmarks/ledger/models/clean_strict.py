"""Nothing wrong: strict tracing of a model that Dynamo follows."""

import torch

OPTIONS = {"strict": True}


class Gated(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(3, 3)

    def forward(self, x):
        return x * self.gate(x).sigmoid()


def build():
    return Gated(), (torch.ones(2, 3),), {}, {"x": {0: torch.export.Dim("batch")}}
