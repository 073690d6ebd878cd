"""Transformers of x-transformers and vit-pytorch, and layers of einops."""

from __future__ import annotations

import importlib.util

import x_transformers
from einops.layers.torch import EinMix, Rearrange, Reduce
from torch import nn

from .registry import Example, ids, images, model, noise, rows


@model("x-transformers", "encoder")
def encoder() -> Example:
    net = x_transformers.TransformerWrapper(
        num_tokens=64, max_seq_len=32, attn_layers=x_transformers.Encoder(dim=32, depth=2, heads=2, rotary_pos_emb=True)
    )
    return net.eval(), (ids(),), {}, rows("x", dims=(0, 1))


@model("x-transformers", "continuous")
def continuous() -> Example:
    net = x_transformers.ContinuousTransformerWrapper(
        dim_in=6, dim_out=4, max_seq_len=32, attn_layers=x_transformers.Encoder(dim=32, depth=1, heads=2)
    )
    return net.eval(), (noise(2, 7, 6),), {}, rows("x", dims=(0, 1))


@model("x-transformers", "autoregressive loss")
def autoregressive() -> Example:
    net = x_transformers.TransformerWrapper(
        num_tokens=64, max_seq_len=32, attn_layers=x_transformers.Decoder(dim=32, depth=1, heads=2, alibi_pos_bias=True)
    )
    return x_transformers.AutoregressiveWrapper(net).eval(), (ids(),), {}, None


@model("x-transformers", "encoder and decoder")
def encoder_decoder() -> Example:
    net = x_transformers.XTransformer(
        dim=32, enc_num_tokens=64, enc_depth=1, enc_heads=2, enc_max_seq_len=16, dec_num_tokens=64, dec_depth=1,
        dec_heads=2, dec_max_seq_len=16, tie_token_emb=True,
    )  # fmt: skip
    return net.eval(), (ids(), ids(2, 5)), {}, None


if importlib.util.find_spec("vit_pytorch"):
    from vit_pytorch import SimpleViT, ViT
    from vit_pytorch.cait import CaiT
    from vit_pytorch.cross_vit import CrossViT
    from vit_pytorch.mobile_vit import MobileViT
    from vit_pytorch.nest import NesT

    @model("vit-pytorch", "ViT")
    def vit() -> Example:
        net = ViT(image_size=32, patch_size=8, num_classes=4, dim=32, depth=1, heads=2, mlp_dim=32)
        return net.eval(), (images(),), {}, rows("img")

    @model("vit-pytorch", "SimpleViT")
    def simple_vit() -> Example:
        net = SimpleViT(image_size=32, patch_size=8, num_classes=4, dim=32, depth=1, heads=2, mlp_dim=32)
        return net.eval(), (images(),), {}, rows("img")

    @model("vit-pytorch", "CaiT in training")
    def cait() -> Example:
        net = CaiT(
            image_size=32, patch_size=8, num_classes=4, dim=32, depth=2, cls_depth=1, heads=2, mlp_dim=32,
            layer_dropout=0.3,
        )  # fmt: skip
        return net.train(), (images(),), {}, rows("img")

    @model("vit-pytorch", "CrossViT")
    def cross_vit() -> Example:
        net = CrossViT(
            image_size=32, num_classes=4, depth=1, sm_dim=16, sm_patch_size=8, lg_dim=16, lg_patch_size=16,
            sm_enc_heads=2, lg_enc_heads=2, cross_attn_heads=2,
        )  # fmt: skip
        return net.eval(), (images(),), {}, rows("img")

    @model("vit-pytorch", "MobileViT")
    def mobile_vit() -> Example:
        net = MobileViT(
            image_size=(64, 64), dims=[16, 16, 16], num_classes=4,
            channels=[8, 8, 8, 8, 12, 12, 16, 16, 16, 16, 24],
        )  # fmt: skip
        return net.eval(), (images(2, 64),), {}, rows("x")

    @model("vit-pytorch", "NesT")
    def nest() -> Example:
        net = NesT(image_size=32, patch_size=4, dim=16, heads=2, num_hierarchies=2, block_repeats=(1, 1), num_classes=4)
        return net.eval(), (images(),), {}, rows("img")


@model("einops", "layers")
def layers() -> Example:
    net = nn.Sequential(
        Rearrange("b c (h p) (w q) -> b (h w) (p q c)", p=4, q=4),
        EinMix("b t c -> b t d", weight_shape="c d", bias_shape="d", c=48, d=16),
        nn.GELU(),
        Reduce("b t d -> b d", "max"),
    )
    return net.eval(), (images(2, 16),), {}, rows("input")
