"""Classification, segmentation, video and detection models of torchvision."""

from __future__ import annotations

from typing import Any

import torch
import torchvision
from torchvision.models import detection, segmentation, video
from torchvision.transforms import v2

from .registry import Example, images, model, noise, rows

PLAIN: dict[str, Any] = {"weights": None, "weights_backbone": None}


@model("torchvision", "shufflenet_v2")
def shufflenet() -> Example:
    return torchvision.models.shufflenet_v2_x0_5(weights=None).eval(), (images(2, 64),), {}, rows("x")


@model("torchvision", "squeezenet")
def squeezenet() -> Example:
    return torchvision.models.squeezenet1_1(weights=None).eval(), (images(2, 64),), {}, rows("x")


@model("torchvision", "swin_v2")
def swin() -> Example:
    net = torchvision.models.SwinTransformer(
        [4, 4], 16, [1, 1], [2, 2], [4, 4], block=torchvision.models.swin_transformer.SwinTransformerBlockV2,
        downsample_layer=torchvision.models.swin_transformer.PatchMergingV2, num_classes=5,
    )  # fmt: skip
    return net.eval(), (images(2, 64),), {}, rows("x")


@model("torchvision", "lraspp")
def lraspp() -> Example:
    net = segmentation.lraspp_mobilenet_v3_large(**PLAIN, num_classes=4).eval()
    return net, (images(2, 64),), {}, rows("input")


@model("torchvision", "video resnet")
def video_resnet() -> Example:
    return video.mc3_18(weights=None, num_classes=4).eval(), (noise(1, 3, 4, 32, 32),), {}, rows("x")


@model("torchvision", "ssdlite")
def ssdlite() -> Example:
    net = detection.ssdlite320_mobilenet_v3_large(**PLAIN, num_classes=3, detections_per_img=5, topk_candidates=20)
    return net.eval(), ([images(1, 64)[0]],), {}, None


@model("torchvision", "retinanet")
def retinanet() -> Example:
    net = detection.retinanet_resnet50_fpn_v2(
        **PLAIN, num_classes=3, min_size=64, max_size=64, score_thresh=0.0, topk_candidates=10, detections_per_img=4
    )
    return net.eval(), ([images(1, 64)[0]],), {}, None


@model("torchvision", "ssd")
def ssd() -> Example:
    net = detection.ssd300_vgg16(**PLAIN, num_classes=3, topk_candidates=10, detections_per_img=4)
    return net.eval(), ([images(1, 64)[0]],), {}, None


@model("torchvision", "region proposals")
def region_proposals() -> Example:
    class Proposals(torch.nn.Module):
        """The first stage of a detector: anchors, scores, the best boxes of each image."""

        def __init__(self) -> None:
            super().__init__()
            sizes = detection.anchor_utils.AnchorGenerator(((16, 32),), ((0.5, 1.0),))
            head = detection.rpn.RPNHead(8, 4)
            kept = {"training": 6, "testing": 6}
            self.features = torch.nn.Conv2d(3, 8, 3, 8)
            self.proposals = detection.rpn.RegionProposalNetwork(sizes, head, 0.7, 0.3, 8, 0.5, kept, kept, 0.7)

        def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
            pictures = detection.image_list.ImageList(image, [tuple(image.shape[-2:])] * len(image))
            return self.proposals(pictures, {"0": self.features(image)})[0]

    return Proposals().eval(), (images(2, 48),), {}, None


@model("torchvision", "suppression")
def suppression() -> Example:
    class Suppress(torch.nn.Module):
        """Boxes of several classes, the best of each neighbourhood kept."""

        def forward(self, boxes: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            corners = torchvision.ops.box_convert(boxes, "cxcywh", "xyxy")
            return corners[torchvision.ops.batched_nms(corners, scores, labels, 0.4)[:3]]

    boxes = noise(8, 4).abs() + 0.5
    return Suppress(), (boxes, noise(8).sigmoid(), torch.arange(8) % 2), {}, None


@model("torchvision", "transforms")
def transforms() -> Example:
    net = torch.nn.Sequential(v2.Resize(24), v2.CenterCrop(16), v2.Normalize([0.5] * 3, [0.5] * 3))
    return net, (images(2, 32),), {}, rows("input")
