"""An assertion names the number of mel bins, which was asked to be dynamic."""

import torch


class Front(torch.nn.Module):
    def forward(self, features):
        assert features.shape[-1] == 80, "80 mel bins are expected"  # expect: TD204
        return features.mean(1)


def build():
    return Front(), (torch.ones(2, 10, 80),), {}, {"features": {1: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO}}
