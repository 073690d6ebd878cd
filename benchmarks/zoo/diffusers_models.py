"""Denoisers and schedulers of diffusers; schedulers compute with NumPy and keep state."""

from __future__ import annotations

from typing import Any

import diffusers
import torch
from torch import Tensor, nn

from .registry import Example, model, noise, rows


@model("diffusers", "UNet2D")
def unet() -> Example:
    net = diffusers.UNet2DModel(
        sample_size=16, in_channels=3, out_channels=3, block_out_channels=(8, 16), norm_num_groups=4,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1, attention_head_dim=4,
    )  # fmt: skip
    return (
        net.eval(),
        (noise(2, 3, 16, 16), torch.tensor(7)),
        {},
        {"sample": {0: torch.export.Dim.AUTO}, "timestep": None},
    )


@model("diffusers", "UNet2DCondition")
def conditioned() -> Example:
    net = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=12, attention_head_dim=4,
    )  # fmt: skip
    args = (noise(2, 4, 8, 8), torch.tensor(3), noise(2, 5, 12))
    return net.eval(), args, {}, None


@model("diffusers", "DiT")
def dit() -> Example:
    net = diffusers.DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, num_layers=1, sample_size=8, norm_num_groups=4,
        num_embeds_ada_norm=10,
    )  # fmt: skip
    call = {"timestep": torch.tensor([3, 3]), "class_labels": torch.tensor([1, 4])}
    return net.eval(), (noise(2, 4, 8, 8),), call, None


@model("diffusers", "VQ autoencoder")
def vq_autoencoder() -> Example:
    net = diffusers.VQModel(
        block_out_channels=(8,), norm_num_groups=4, latent_channels=3, num_vq_embeddings=16, sample_size=16
    )
    return net.eval(), (noise(2, 3, 16, 16),), {}, rows("sample")


class Sampler(nn.Module):
    """A denoiser and a scheduler, two steps of sampling."""

    def __init__(self, scheduler: Any) -> None:
        super().__init__()
        self.denoiser, self.scheduler = nn.Conv2d(3, 3, 3, padding=1), scheduler

    def forward(self, sample: Tensor) -> Tensor:
        """The sample after two steps."""
        self.scheduler.set_timesteps(4)
        for step in self.scheduler.timesteps[:2]:
            scaled = self.scheduler.scale_model_input(sample, step)
            sample = self.scheduler.step(self.denoiser(scaled), step, sample).prev_sample
        return sample


def sampler(scheduler: Any) -> Example:
    """Two steps of this scheduler."""
    return Sampler(scheduler).eval(), (noise(1, 3, 8, 8),), {}, rows("sample")


@model("diffusers", "LMS scheduler")
def lms() -> Example:
    return sampler(diffusers.LMSDiscreteScheduler(num_train_timesteps=50))


@model("diffusers", "Heun scheduler")
def heun() -> Example:
    return sampler(diffusers.HeunDiscreteScheduler(num_train_timesteps=50))


@model("diffusers", "PNDM scheduler")
def pndm() -> Example:
    return sampler(diffusers.PNDMScheduler(num_train_timesteps=50, skip_prk_steps=True))


@model("diffusers", "UniPC scheduler")
def unipc() -> Example:
    return sampler(diffusers.UniPCMultistepScheduler(num_train_timesteps=50))


@model("diffusers", "adding noise")
def adding_noise() -> Example:
    class Noiser(nn.Module):
        """The training side: noise at random steps."""

        def __init__(self) -> None:
            super().__init__()
            self.scheduler = diffusers.DDPMScheduler(num_train_timesteps=50)

        def forward(self, sample: Tensor, steps: Tensor) -> Tensor:
            return self.scheduler.add_noise(sample, torch.randn_like(sample), steps)

    return Noiser(), (noise(2, 3, 8, 8), torch.tensor([4, 30])), {}, None
