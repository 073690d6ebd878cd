"""Geometry and local features of kornia."""

from __future__ import annotations

import kornia
import torch
from torch import Tensor, nn

from .registry import Example, images, model, noise


@model("kornia", "HyNet")
def hynet() -> Example:
    return kornia.feature.HyNet(pretrained=False).eval(), (images(2, 32, 1),), {}, None


@model("kornia", "corners")
def corners() -> Example:
    class Corners(nn.Module):
        """The strongest corners as a list of points."""

        def __init__(self) -> None:
            super().__init__()
            self.response = kornia.feature.CornerHarris(torch.tensor(0.04))

        def forward(self, image: Tensor) -> Tensor:
            peaks = kornia.geometry.subpix.nms2d(self.response(image), (5, 5))
            return (peaks > peaks.mean()).nonzero()

    return Corners(), (images(1, 16, 1),), {}, None


@model("kornia", "homography")
def homography() -> Example:
    class Homography(nn.Module):
        """Fits a homography and warps with it."""

        def forward(self, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
            fitted = kornia.geometry.find_homography_dlt(source, target)
            return kornia.geometry.warp_perspective(image, fitted, (16, 16))

    points = noise(1, 6, 2) * 4 + 8
    return Homography(), (images(1, 16), points, points + noise(1, 6, 2) * 0.1), {}, None


@model("kornia", "augmentation")
def augmentation() -> Example:
    net = kornia.augmentation.AugmentationSequential(
        kornia.augmentation.RandomHorizontalFlip(p=0.5), kornia.augmentation.ColorJiggle(0.1, 0.1, 0.1, 0.1, p=1.0)
    )
    return net, (images(2, 16),), {}, None


@model("kornia", "morphology")
def morphology() -> Example:
    class Gradient(nn.Module):
        """Edges by dilation and erosion."""

        def forward(self, image: Tensor) -> Tensor:
            return kornia.morphology.gradient(image, torch.ones(3, 3))

    return Gradient(), (images(2, 16),), {}, {"image": {0: torch.export.Dim.AUTO}}
