"""What tests of models and of rules use."""

from torchdraft.testing.exportable import assert_exportable
from torchdraft.testing.rule_check import check_rule

__all__ = ["assert_exportable", "check_rule"]
