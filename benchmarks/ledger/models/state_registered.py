"""A buffer and a layer that forward registers by their names."""

import torch


class Lazy(torch.nn.Module):
    def forward(self, x):
        if "scale" not in self._buffers:
            self.register_buffer("scale", x.abs().amax(0))  # expect: TD402
            self.add_module("act", torch.nn.Tanh())  # expect: TD402
        return self._modules["act"](x / self._buffers["scale"])


def build():
    return Lazy(), (torch.tensor([[1.0, 2.0], [4.0, 3.0]]),)
