"""Image models of timm."""

from __future__ import annotations

from typing import Any

import timm

from .registry import Example, images, model, rows


def image_model(name: str, size: int = 64, count: int = 2, **options: Any) -> Example:
    """A timm model by name with random weights."""
    net = timm.create_model(name, pretrained=False, num_classes=5, **options).eval()
    return net, (images(count, size),), {}, rows("x")


@model("timm", "resnet18d")
def resnet() -> Example:
    return image_model("resnet18d")


@model("timm", "convnext_atto")
def convnext() -> Example:
    return image_model("convnext_atto")


@model("timm", "vit_tiny with dynamic sizes")
def vit() -> Example:
    return image_model("vit_tiny_patch16_224", img_size=64, dynamic_img_size=True, depth=2)


@model("timm", "mobilenetv3_small_050")
def mobilenet() -> Example:
    return image_model("mobilenetv3_small_050")


@model("timm", "mixer")
def mixer() -> Example:
    return image_model("mixer_s32_224", img_size=64)


@model("timm", "regnety_002 in training")
def regnet() -> Example:
    net, args, kwargs, shapes = image_model("regnety_002")
    return net.train(), args, kwargs, shapes


@model("timm", "cait with patch dropping")
def patch_dropping() -> Example:
    net, args, kwargs, shapes = image_model("vit_tiny_patch16_224", img_size=64, depth=2, patch_drop_rate=0.5)
    return net.train(), args, kwargs, shapes


@model("timm", "features of ghostnet")
def ghostnet() -> Example:
    net = timm.create_model("ghostnet_050", pretrained=False, features_only=True)
    return net.eval(), (images(2, 64),), {}, rows("x")
