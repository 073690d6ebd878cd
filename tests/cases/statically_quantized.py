"""A statically quantized network: convolution, addition, a layer that is called twice."""

import warnings

import torch

from tests.cases.case import Call, Case, numbers


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.conv, self.lin, self.relu = torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(4, 4), torch.nn.ReLU()
        self.add = torch.ao.nn.quantized.FloatFunctional()

    def forward(self, x):
        y = self.relu(self.conv(self.quant(x)))
        y = self.add.add(y, torch.nn.functional.max_pool2d(y, 1))
        return self.dequant(self.lin(self.lin(y).reshape(-1, 4)))


def quantized():
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # such tensors are to go from torch
        torch.manual_seed(0)
        model = Net().eval()
        model.qconfig = torch.ao.quantization.get_default_qconfig("x86")
        prepared = torch.ao.quantization.prepare(model)
        prepared(numbers(2, 1, 6, 6))
        return torch.ao.quantization.convert(prepared)


CASE = Case(
    origin="issue 10, item 9",
    model=quantized,
    example=Call(numbers(2, 1, 6, 6)),
    right=(Call(numbers(2, 1, 6, 6, seed=1)),),
    rung="concrete",
    baked=False,
)
