"""Vision, audio, time series and detection models of transformers."""

from __future__ import annotations

import torch
import transformers

from .registry import Example, images, model, noise, rows

VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}


@model("transformers", "ViTMSN")
def vit_msn() -> Example:
    net = transformers.ViTMSNModel(transformers.ViTMSNConfig(**VISION)).eval()
    return net, (), {"pixel_values": images()}, rows("pixel_values")


@model("transformers", "Beit")
def beit() -> Example:
    config = transformers.BeitConfig(**VISION, use_relative_position_bias=True, out_indices=[1, 2])
    return transformers.BeitModel(config).eval(), (), {"pixel_values": images()}, rows("pixel_values")


@model("transformers", "PoolFormer")
def poolformer() -> Example:
    config = transformers.PoolFormerConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1])
    return transformers.PoolFormerModel(config).eval(), (), {"pixel_values": images()}, rows("pixel_values")


@model("transformers", "Segformer")
def segformer() -> Example:
    config = transformers.SegformerConfig(
        hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], num_attention_heads=[1, 1, 2, 2], decoder_hidden_size=16
    )
    net = transformers.SegformerForSemanticSegmentation(config).eval()
    return net, (), {"pixel_values": images(2, 64)}, rows("pixel_values")


@model("transformers", "Hubert with a mask")
def hubert() -> Example:
    config = transformers.HubertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, conv_dim=(8, 8),
        conv_stride=(5, 4), conv_kernel=(10, 8), conv_bias=False, num_feat_extract_layers=2, num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    mask = torch.ones(2, 800, dtype=torch.long)
    mask[1, 600:] = 0
    call = {"input_values": noise(2, 800), "attention_mask": mask}
    return transformers.HubertModel(config).eval(), (), call, rows("input_values", "attention_mask")


@model("transformers", "UniSpeech")
def unispeech() -> Example:
    config = transformers.UniSpeechConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, conv_dim=(8, 8),
        conv_stride=(5, 4), conv_kernel=(10, 8), num_feat_extract_layers=2, num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2, num_codevector_groups=2, num_codevectors_per_group=4, codevector_dim=8,
    )  # fmt: skip
    return transformers.UniSpeechModel(config).eval(), (), {"input_values": noise(2, 800)}, rows("input_values")


@model("transformers", "PatchTST")
def patchtst() -> Example:
    config = transformers.PatchTSTConfig(
        num_input_channels=2, context_length=16, patch_length=4, patch_stride=4, d_model=16, num_hidden_layers=1,
        num_attention_heads=2, ffn_dim=16,
    )  # fmt: skip
    return transformers.PatchTSTModel(config).eval(), (), {"past_values": noise(2, 16, 2)}, rows("past_values")


@model("transformers", "Conditional DETR")
def conditional_detr() -> Example:
    backbone = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1])
    backbone.out_features = ["stage4"]
    config = transformers.ConditionalDetrConfig(
        use_timm_backbone=False, backbone_config=backbone, backbone=None, d_model=32, encoder_layers=1,
        decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=32, decoder_ffn_dim=32,
        num_queries=5, num_labels=3,
    )  # fmt: skip
    net = transformers.ConditionalDetrForObjectDetection(config).eval()
    return net, (), {"pixel_values": images(1, 64)}, rows("pixel_values")


@model("transformers", "Owl-ViT")
def owlvit() -> Example:
    text = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1}
    text |= {"num_attention_heads": 4, "max_position_embeddings": 8, "eos_token_id": 2, "bos_token_id": 1}
    config = transformers.OwlViTConfig(
        text_config=text, vision_config={**VISION, "num_hidden_layers": 1}, projection_dim=32
    )
    tokens = torch.tensor([[1, 5, 9, 2], [1, 8, 2, 0]])
    net = transformers.OwlViTForObjectDetection(config).eval()
    return net, (), {"input_ids": tokens, "pixel_values": images(2)}, {"input_ids": None, "pixel_values": None}


@model("transformers", "Perceiver")
def perceiver() -> Example:
    config = transformers.PerceiverConfig(
        num_latents=4, d_latents=16, d_model=12, num_blocks=1, num_self_attends_per_block=2,
        num_self_attention_heads=2, num_cross_attention_heads=2,
    )  # fmt: skip
    return transformers.PerceiverModel(config).eval(), (), {"inputs": noise(2, 9, 12)}, rows("inputs", dims=(0, 1))
