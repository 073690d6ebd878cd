"""Nothing wrong: a forward under `no_grad`, layers in containers, weights tied, a scripted function."""

import torch


@torch.no_grad()
def normalized(x):
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-6)


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({"first": torch.nn.Linear(4, 4), "second": torch.nn.Linear(4, 4)})
        self.layers["second"].weight = self.layers["first"].weight
        self.scales = torch.nn.ParameterList([torch.ones(4), torch.ones(4)])

    @torch.no_grad()
    def forward(self, x):
        for scale, layer in zip(self.scales, self.layers.values(), strict=True):
            x = layer(normalized(x)) * scale
        return x


def build():
    return Tied(), (torch.ones(2, 4),)
