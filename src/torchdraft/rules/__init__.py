"""What turns the facts of a trace into issues. One rule per file; its docstring is its documentation page."""

from torchdraft._source.locations import user_frames, user_frames_of
from torchdraft.model import events

from .issues import issues_from
from .registry import all_rules, rule_named
from .rule import Rule

__all__ = ["Rule", "all_rules", "events", "issues_from", "rule_named", "user_frames", "user_frames_of"]
