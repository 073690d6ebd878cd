"""NumPy takes the tensor by its array protocol; the outcome comes back as a tensor."""

import numpy
import torch


class Smooth(torch.nn.Module):
    def forward(self, x):
        smooth = numpy.convolve(numpy.asarray(x), [0.25, 0.5, 0.25], mode="same")  # expect: TD103
        return torch.from_numpy(smooth).float() + x


def build():
    return Smooth(), (torch.arange(5.0),)
