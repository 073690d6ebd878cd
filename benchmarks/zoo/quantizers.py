"""Quantizers of vector-quantize-pytorch, in evaluation and in training mode."""

from __future__ import annotations

import vector_quantize_pytorch as vq

from .registry import Example, model, noise, rows


@model("vector-quantize-pytorch", "VectorQuantize")
def plain() -> Example:
    return vq.VectorQuantize(dim=16, codebook_size=32).eval(), (noise(2, 9, 16),), {}, rows("x", dims=(0, 1))


@model("vector-quantize-pytorch", "VectorQuantize learning")
def learning() -> Example:
    net = vq.VectorQuantize(dim=16, codebook_size=32, decay=0.8, threshold_ema_dead_code=0, kmeans_init=False)
    return net.train(), (noise(2, 9, 16),), {}, None


@model("vector-quantize-pytorch", "GroupedResidualVQ")
def grouped() -> Example:
    net = vq.GroupedResidualVQ(dim=16, groups=2, num_quantizers=3, codebook_size=16)
    return net.eval(), (noise(2, 9, 16),), {}, None


@model("vector-quantize-pytorch", "SimVQ")
def simvq() -> Example:
    return vq.SimVQ(dim=16, codebook_size=32).eval(), (noise(2, 9, 16),), {}, rows("x", dims=(0, 1))


@model("vector-quantize-pytorch", "ResidualSimVQ")
def residual_simvq() -> Example:
    return vq.ResidualSimVQ(dim=16, num_quantizers=3, codebook_size=16).eval(), (noise(2, 9, 16),), {}, None


@model("vector-quantize-pytorch", "LatentQuantize")
def latent() -> Example:
    return vq.LatentQuantize(levels=[5, 5, 8], dim=3).eval(), (noise(2, 3, 9),), {}, None


@model("vector-quantize-pytorch", "ResidualFSQ")
def residual_fsq() -> Example:
    net = vq.ResidualFSQ(dim=16, levels=[4, 3, 3], num_quantizers=2)
    return net.eval(), (noise(2, 9, 16),), {}, rows("x", dims=(0, 1))


@model("vector-quantize-pytorch", "RandomProjectionQuantizer")
def random_projection() -> Example:
    net = vq.RandomProjectionQuantizer(dim=16, num_codebooks=2, codebook_dim=8, codebook_size=16)
    return net.eval(), (noise(2, 9, 16),), {}, None
