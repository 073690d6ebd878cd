"""What the rules say of questions that only plain export does not know the answer to."""

from __future__ import annotations

REFUSED = "Nothing is assumed; `torch.export.export` does not know the answer and may refuse the model here."
