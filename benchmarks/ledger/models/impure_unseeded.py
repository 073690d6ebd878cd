"""Generators made without a seed, and bytes from the operating system."""

import os
import random
import uuid

import numpy
import torch


class Noise(torch.nn.Module):
    def forward(self, x):
        x = x + numpy.random.default_rng().random()  # expect: TD404
        x = x * random.Random().random()  # expect: TD404
        x = x + os.urandom(1)[0]  # expect: TD404
        return x - uuid.uuid4().int % 7  # expect: TD404


def build():
    return Noise(), (torch.ones(3),)
