"""Rules: events of a trace go in, issues come out.

One file of `catalogue/` holds one rule, whose docstring is its documentation page; `registry.py` finds them all.
Imports `model` and `_source`, and no torch.
"""

from torchdraft._source.locations import user_frames, user_frames_of
from torchdraft.model import events

from .issues import issues_from
from .registry import all_rules, rule_named
from .rule import Rule

__all__ = ["Rule", "all_rules", "events", "issues_from", "rule_named", "user_frames", "user_frames_of"]
