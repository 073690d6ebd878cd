"""Nothing wrong: a perceptron with a dynamic batch."""

import torch


def build():
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 2))
    return model, (torch.ones(3, 4),), {}, {"input": {0: torch.export.Dim("batch")}}
