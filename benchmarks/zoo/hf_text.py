"""Text models of transformers, some with caches as outputs."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch.export import Dim

from .registry import Example, ids, model

SMALL: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
DYNAMIC = {"input_ids": {0: Dim.AUTO, 1: Dim.AUTO}}


def text_model(name: str, call: dict[str, Any] | None = None, **config: Any) -> Example:
    """`NameConfig` and `NameModel` of transformers with small sizes."""
    made = getattr(transformers, f"{name}Config")(**{**SMALL, **config})
    net = getattr(transformers, f"{name}Model")(made).eval()
    return net, (), {"input_ids": ids(), **(call or {})}, {**DYNAMIC, **dict.fromkeys(call or {})}


@model("transformers", "DistilBert")
def distilbert() -> Example:
    return text_model("DistilBert", dim=32, hidden_dim=48, n_layers=2, n_heads=4)


@model("transformers", "Electra classifier")
def electra() -> Example:
    config = transformers.ElectraConfig(**SMALL, embedding_size=16, num_labels=3)
    return transformers.ElectraForSequenceClassification(config).eval(), (), {"input_ids": ids()}, DYNAMIC


@model("transformers", "MPNet")
def mpnet() -> Example:
    return text_model("MPNet")


@model("transformers", "DebertaV2")
def deberta() -> Example:
    return text_model("DebertaV2", relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8)


@model("transformers", "SqueezeBert")
def squeezebert() -> Example:
    return text_model("SqueezeBert", embedding_size=32)


@model("transformers", "ConvBert")
def convbert() -> Example:
    return text_model("ConvBert", embedding_size=32, head_ratio=2)


@model("transformers", "Longformer")
def longformer() -> Example:
    return text_model("Longformer", attention_window=4)


@model("transformers", "Funnel")
def funnel() -> Example:
    config = transformers.FunnelConfig(
        vocab_size=64, block_sizes=[1, 1], d_model=32, n_head=4, d_head=8, d_inner=48, num_decoder_layers=1
    )
    return transformers.FunnelModel(config).eval(), (), {"input_ids": ids(2, 8)}, DYNAMIC


@model("transformers", "Canine")
def canine() -> Example:
    return text_model("Canine", call={}, local_transformer_stride=4, downsampling_rate=2, num_hash_buckets=32)


@model("transformers", "Gemma2")
def gemma() -> Example:
    return text_model("Gemma2", num_key_value_heads=2, head_dim=8, sliding_window=4, call={"use_cache": False})


@model("transformers", "Qwen3 with cache")
def qwen() -> Example:
    return text_model("Qwen3", num_key_value_heads=2, head_dim=8, call={"use_cache": True})


@model("transformers", "Phi3")
def phi() -> Example:
    return text_model("Phi3", num_key_value_heads=2, call={"use_cache": False})


@model("transformers", "GPTNeoX with cache")
def gpt_neox() -> Example:
    return text_model("GPTNeoX", call={"use_cache": True})


@model("transformers", "OPT with cache")
def opt() -> Example:
    return text_model("OPT", ffn_dim=48, word_embed_proj_dim=32, call={"use_cache": True})


@model("transformers", "Falcon")
def falcon() -> Example:
    return text_model("Falcon", alibi=True, call={"use_cache": False})


@model("transformers", "Olmoe")
def olmoe() -> Example:
    return text_model("Olmoe", num_experts=4, num_experts_per_tok=2, call={"use_cache": False})


@model("transformers", "Olmoe, experts in a loop")
def olmoe_looped() -> Example:
    extra: dict[str, Any] = {"num_experts": 4, "num_experts_per_tok": 2, "experts_implementation": "eager"}
    return text_model("Olmoe", call={"use_cache": False}, **extra)


@model("transformers", "Qwen3Moe, experts in a loop")
def qwen_moe() -> Example:
    extra: dict[str, Any] = {"num_experts": 4, "num_experts_per_tok": 2, "experts_implementation": "eager"}
    return text_model("Qwen3Moe", moe_intermediate_size=16, head_dim=8, call={"use_cache": False}, **extra)


@model("transformers", "GraniteMoe")
def granite() -> Example:
    return text_model("GraniteMoe", num_local_experts=4, num_experts_per_tok=2, call={"use_cache": False})


@model("transformers", "Mamba")
def mamba() -> Example:
    return text_model("Mamba", state_size=4, expand=2, conv_kernel=3, time_step_rank=4, call={"use_cache": False})


@model("transformers", "T5 encoder and decoder with cache")
def t5() -> Example:
    config = transformers.T5Config(
        vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0
    )
    net = transformers.T5Model(config).eval()
    call = {"input_ids": ids(), "decoder_input_ids": ids(2, 3), "use_cache": True}
    return net, (), call, {**DYNAMIC, "decoder_input_ids": None, "use_cache": None}


@model("transformers", "Marian")
def marian() -> Example:
    sizes = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
    config = transformers.MarianConfig(
        vocab_size=64, d_model=32, encoder_ffn_dim=48, decoder_ffn_dim=48, pad_token_id=0, max_position_embeddings=32,
        decoder_start_token_id=0, **sizes,
    )  # fmt: skip
    net = transformers.MarianModel(config).eval()
    call = {"input_ids": ids(), "decoder_input_ids": ids(2, 3), "use_cache": False}
    return net, (), call, {**DYNAMIC, "decoder_input_ids": None, "use_cache": None}


@model("transformers", "Llama generating")
def generating() -> Example:
    config = transformers.LlamaConfig(**SMALL)

    class Generator(torch.nn.Module):
        """Generates a few tokens, cache and stopping rules included."""

        def __init__(self) -> None:
            super().__init__()
            self.net = transformers.LlamaForCausalLM(config).eval()

        def forward(self, tokens: torch.Tensor) -> Any:
            return self.net.generate(tokens, max_new_tokens=3, do_sample=False)

    return Generator().eval(), (ids(1, 4),), {}, None
