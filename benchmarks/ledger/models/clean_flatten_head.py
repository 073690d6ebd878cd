"""Nothing wrong: a convolutional classifier with a dynamic batch, pooled, flattened, its size checked."""

import torch


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.GroupNorm(2, 4), torch.nn.ReLU())
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x):
        x = torch.nn.functional.adaptive_avg_pool2d(self.features(x), 1).flatten(1)
        assert x.shape[1] == self.head.in_features
        return self.head(x)


def build():
    return Classifier(), (torch.rand(2, 3, 8, 8),), {}, {"x": {0: torch.export.Dim("batch")}}
