"""What tests of models and of rules use."""

from torchdraft.testing.rule_check import check_rule

__all__ = ["check_rule"]
