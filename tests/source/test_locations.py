import sys

import torch

from torchdraft._source.locations import user_frames_of_text
from torchdraft.model.events import InputMutated
from torchdraft.rules import all_rules, issues_from, user_frames, user_frames_of


class Inner(torch.nn.Module):
    def forward(self, x):
        raise ValueError("here")  # line of Inner


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(Inner())

    def forward(self, x):
        return self.layers(x)


def caught():
    try:
        Outer()(torch.ones(1))
    except ValueError as error:
        return error
    raise AssertionError


def test_frames_of_torch_are_folded_away():
    frames = user_frames_of(caught())
    assert [frame.function for frame in frames] == ["caught", "Outer.forward", "Inner.forward"]
    assert frames[-1].file == __file__
    assert frames[-1].source == '        raise ValueError("here")  # line of Inner'
    assert str(frames[-1]) == f"{__file__}:{frames[-1].line} in Inner.forward"


def test_where_only_the_framework_ran_it_is_shown():
    code = torch.nn.Module.__call__.__code__
    (frame,) = user_frames([(code, code.co_firstlineno)])
    assert frame.file == torch.nn.modules.module.__file__


def test_torchdrafts_own_frames_are_framework():
    (frame,) = user_frames([(caught.__code__, 26), (all_rules.__code__, 20)])
    assert frame.function == "caught"


def test_an_unreadable_file_has_no_source():
    code = compile("\n\nx = 1", "/nowhere/gone.py", "exec")
    assert user_frames([(code, 3)])[0].source == ""


def instruction():
    return "ä", sys._getframe().f_lasti, sys._getframe().f_lineno


def test_an_instruction_offset_marks_its_columns():
    _, offset, line = instruction()
    (frame,) = user_frames([(instruction.__code__, line, offset)])
    assert frame.source[frame.column : frame.end_column] == "sys._getframe().f_lasti"


def test_an_issue_stands_at_the_innermost_user_line():
    stack = ((caught.__code__, 24), (Inner.forward.__code__, 11), (torch.nn.Module.__call__.__code__, 1))
    (issue,) = issues_from([InputMutated(name="x", stack=stack)])
    assert issue.location == issue.user_stack[-1]
    assert [frame.function for frame in issue.user_stack] == ["caught", "Inner.forward"]


def test_without_a_stack_there_is_no_location():
    (issue,) = issues_from([InputMutated(name="x")])
    assert issue.location is None


def test_frames_in_text():
    text = f'''  File "model.py", line 3, in forward
    return self.layer(x)
  File "{torch.nn.functional.__file__}", line 10, in relu
  File "other.py", line 5, in scaled
    return x * 2
'''
    assert [str(frame) for frame in user_frames_of_text(text)] == ["model.py:3 in forward", "other.py:5 in scaled"]
    assert user_frames_of_text(text)[1].source == "return x * 2"
    assert user_frames_of_text("") == ()


def test_torch_names_its_own_files_by_relative_paths():
    text = 'File "torch/fx/passes/runtime_assert.py", line 24, in insert_deferred_runtime_asserts'
    assert user_frames_of_text(text) == ()
    assert [str(frame) for frame in user_frames_of_text(text.replace("runtime_assert", "mine"))] != []
