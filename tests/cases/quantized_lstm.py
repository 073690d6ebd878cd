"""Dynamically quantized recurrent layers: lists of packed weights, and a quantized dtype among the arguments."""

import warnings

import torch

from tests.cases.case import Call, Case, numbers


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(4, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = torch.nn.GRU(10, 3, batch_first=True)
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, x):
        y, (h, _) = self.lstm(x)
        return self.linear(self.gru(y)[0]), h


def quantized():
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # such tensors are to go from torch
        torch.manual_seed(0)
        kinds = {torch.nn.LSTM, torch.nn.GRU, torch.nn.Linear}
        return torch.ao.quantization.quantize_dynamic(Recurrent().eval(), kinds, dtype=torch.qint8)


DYNAMIC = torch.export.Dim.DYNAMIC

CASE = Case(
    origin="a graph, always: torch.ao.quantization.quantize_dynamic",
    model=quantized,
    example=Call(numbers(2, 6, 4)),
    dynamic_shapes={"x": {0: DYNAMIC, 1: DYNAMIC}},
    right=(Call(numbers(3, 9, 4, seed=1)),),
    baked=False,
)
