"""Metrics of torchmetrics: modules whose forward keeps state, and functions that branch on their arguments."""

from __future__ import annotations

import torch
import torchmetrics
from torch import Tensor, nn

from .registry import Example, images, model, noise


@model("torchmetrics", "accuracy")
def accuracy() -> Example:
    metric = torchmetrics.classification.MulticlassAccuracy(num_classes=4)
    return metric, (noise(6, 4).softmax(-1), torch.tensor([0, 1, 2, 3, 1, 0])), {}, None


@model("torchmetrics", "area under the curve")
def area() -> Example:
    class Area(nn.Module):
        """The functional form."""

        def forward(self, scores: Tensor, target: Tensor) -> Tensor:
            return torchmetrics.functional.classification.binary_auroc(scores, target)

    return Area(), (noise(8).sigmoid(), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1])), {}, None


@model("torchmetrics", "structural similarity")
def similarity() -> Example:
    class Similarity(nn.Module):
        """The functional form."""

        def forward(self, one: Tensor, two: Tensor) -> Tensor:
            return torchmetrics.functional.image.structural_similarity_index_measure(one, two, data_range=1.0)

    return Similarity(), (images(2, 16), images(2, 16).flip(0)), {}, None


@model("torchmetrics", "retrieval")
def retrieval() -> Example:
    class Retrieval(nn.Module):
        """Average precision of one query."""

        def forward(self, scores: Tensor, target: Tensor) -> Tensor:
            return torchmetrics.functional.retrieval.retrieval_average_precision(scores, target)

    return Retrieval(), (noise(6).sigmoid(), torch.tensor([0, 1, 0, 1, 1, 0])), {}, None


@model("torchmetrics", "running mean")
def running_mean() -> Example:
    return torchmetrics.MeanMetric(), (noise(5),), {}, None
