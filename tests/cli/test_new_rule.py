import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from torchdraft._cli.app import app
from torchdraft._cli.new_rule.arguments import new_rule
from torchdraft._cli.new_rule.write import write_rule
from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Severity
from torchdraft.testing import check_rule

ROOT = Path(__file__).parents[2]
PARTS = ("src", "tests/rules", "tests/testing", "tests/conftest.py", "tools", "docs", "pyproject.toml")


def rule(code="ACME001", name="slow-call", call="time.sleep(0)", severity=Severity.NOTE):
    return new_rule(code, name, call=call, severity=severity)


def loaded(path, cls):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, cls)


PROJECT = ("--config", str(ROOT / "pyproject.toml"))
ELSEWHERE = ("--isolated", "--line-length", "120")


def clean(folder, *paths, settings):
    """Asserts that linter and formatter report nothing."""
    rules = ["--select", "B,E,F,I,N,UP,W"] if settings is ELSEWHERE else []
    for command in (["check", *settings, *rules], ["format", "--check", *settings]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *map(str, paths)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("call", "severity"),
    [("time.sleep(0)", "note"), ("os.path.exists('/')", "guarded"), ("torch.get_num_threads()", "baked")],
)
def test_the_rule_of_another_package_is_complete(tmp_path, call, severity):
    file, test = write_rule(rule(call=call, severity=Severity(severity)), tmp_path)
    clean(tmp_path, file, test, settings=ELSEWHERE)
    made = loaded(file, "SlowCall")()
    assert (made.code, made.name, made.severity) == ("ACME001", "slow-call", severity)
    check_rule(made)
    assert "check_rule(SlowCall())" in test.read_text()


def test_the_rule_of_torchdrafts_own_is_complete(tmp_path):
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, tmp_path / part)
    process = {**os.environ, "PYTHONPATH": str(tmp_path / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = {"cwd": tmp_path, "env": process, "capture_output": True, "text": True, "check": False}
    done = subprocess.run(
        [sys.executable, "-m", "torchdraft", "new-rule", "TD499", "slow-call", "--calls", "time.sleep(0)"], **run
    )
    assert done.returncode == 0, done.stderr
    written = done.stdout.split()
    assert written == [
        "src/torchdraft/rules/catalogue/td499_slow_call.py",
        "tests/rules/catalogue/test_catalogue.py",
        "tests/rules/sample_events.py",
        "tests/rules/catalogue/snapshots/messages.txt",
        "docs/rules/README.md",
        "docs/rules/TD499.md",
    ]
    clean(tmp_path, *(file for file in written if file.endswith(".py")), settings=PROJECT)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/rules/catalogue/test_catalogue.py"]
    done = subprocess.run(tests, **run)
    assert done.returncode == 0, done.stdout
    check_rule(loaded(tmp_path / written[0], "SlowCall")())


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({"code": "acme1"}, "the code 'acme1'"),
        ({"code": "TD1"}, "the code 'TD1'"),
        ({"name": "Slow call"}, "the name 'Slow call'"),
        ({"code": "TD101"}, "TD101 is taken by TD101 (data-dependent-branch)"),
        ({"name": "host-read"}, "host-read is taken by TD103"),
        ({"call": "time.sleep"}, "--calls 'time.sleep'"),
        ({"call": "print(1)"}, "--calls 'print(1)'"),
        ({"call": "time.sleep("}, "is no expression"),
        ({"call": "f().g()"}, "--calls 'f().g()'"),
        ({"call": "time.gone()"}, "has no attribute 'gone'"),
        ({"call": "made_nowhere.f()"}, "No module named 'made_nowhere'"),
        ({"call": "fractions.Fraction(1)"}, "fractions.Fraction is no function"),
        ({"call": "math.pi()"}, "math.pi is no function"),
    ],
)
def test_what_is_wrong_is_said(changes, given):
    with pytest.raises(UsageError) as caught:
        rule(**changes)
    assert given in caught.value.given
    assert caught.value.expected


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "test_acme001_slow_call.py").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        write_rule(rule(), tmp_path)
    assert os.listdir(tmp_path) == ["test_acme001_slow_call.py"]


def test_torchdrafts_own_needs_a_checkout(tmp_path):
    with pytest.raises(UsageError, match="is no checkout of it"):
        write_rule(rule(code="TD499"), tmp_path)
    assert os.listdir(tmp_path) == []


def test_the_command_says_how_to_register_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new-rule", "ACME001", "slow-call", "--calls", "time.sleep(0)"])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "acme001_slow_call.py",
        "test_acme001_slow_call.py",
        "",
        "In the pyproject.toml of its package:",
        '[project.entry-points."torchdraft.rules"]',
        'ACME001 = "PACKAGE.acme001_slow_call:SlowCall"',
    ]


def test_a_mistake_of_the_command_is_status_2(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new-rule", "TD499", "slow-call", "--calls", "time.sleep(0)"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is no checkout of it" in done.stderr
