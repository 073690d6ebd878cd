"""What turns the facts of a trace into issues. One rule per file; its docstring is its documentation page."""

from torchdraft._trace import events
from torchdraft.rules.frames import user_frames, user_frames_of
from torchdraft.rules.judge import issues_from
from torchdraft.rules.registry import all_rules, rule_named
from torchdraft.rules.rule import Rule

__all__ = ["Rule", "all_rules", "events", "issues_from", "rule_named", "user_frames", "user_frames_of"]
