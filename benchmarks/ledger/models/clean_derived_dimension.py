"""Nothing wrong: a dimension declared as twice another, and the model keeps to it."""

import torch


class Interleave(torch.nn.Module):
    def forward(self, coarse, fine):
        return fine + coarse.repeat_interleave(2)


def build():
    half = torch.export.Dim("half")
    return Interleave(), (torch.ones(3), torch.ones(6)), {}, {"coarse": {0: half}, "fine": {0: 2 * half}}
