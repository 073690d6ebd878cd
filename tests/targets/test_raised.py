from torchdraft._targets.raised import raised


def inner():
    try:
        {}["size"]
    except KeyError as error:
        raise ValueError("no size") from error


def caught(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError


def test_the_causes_are_named_with_their_lines():
    error = raised("build() raised", caught(inner))
    assert error.given == "build() raised: ValueError: no size"
    (cause,) = error.causes
    assert cause.startswith("KeyError: 'size' (")
    assert "test_raised.py" in cause
    assert "\ncaused by: KeyError: 'size'" in error.text()


def test_an_exception_in_a_handler_has_a_cause_and_one_from_none_has_not():
    def in_a_handler():
        try:
            {}["size"]
        except KeyError:
            int("a")

    def from_none():
        try:
            {}["size"]
        except KeyError:
            raise ValueError("no size") from None

    assert len(raised("f", caught(in_a_handler)).causes) == 1
    assert raised("f", caught(from_none)).causes == ()


def test_causes_that_go_round_in_a_circle_end():
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert raised("f", one).causes == ("ValueError: other",)


def test_a_syntax_error_shows_its_line(tmp_path):
    def compiled():
        compile("x = 1\n    y = (2 3)\n", str(tmp_path / "m.py"), "exec")

    error = raised("importing", caught(compiled))
    assert error.given == "importing: IndentationError: unexpected indent"
    assert "m.py:2\n    y = (2 3)" in error.text()

    def parsed():
        compile("x = (1 +* 2)\n", "m.py", "exec")

    assert raised("importing", caught(parsed)).text().splitlines()[-2:] == ["    x = (1 +* 2)", "            ^"]


def test_frames_of_a_framework_alone_are_no_frames():
    import json

    assert [frame.file for frame in raised("f", caught(lambda: json.loads("{"))).frames] == [__file__, __file__]
