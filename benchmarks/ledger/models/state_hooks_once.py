"""Hooks set up in the first call, behind a flag: the second call finds them and does the same."""

import torch


class Captures(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.hooked = False

    def forward(self, x):
        seen = []
        if not self.hooked:
            for layer in self.layers:
                layer.register_forward_hook(lambda _module, _args, output: output + 1)  # expect: TD402 note x2
            self.hooked = True  # expect: TD402 note
        for layer in self.layers:
            x = layer(x)
            seen.append(x)
        return torch.stack(seen)


def build():
    return Captures(), (torch.ones(3),)
