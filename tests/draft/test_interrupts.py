import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


ABORTED = -signal.SIGABRT
"""torch aborts the process now and then when an exception arrives inside a C++ callback. A loop of interrupted calls of
`torch.export.export` ends so as well (torch 2.13), so such an end says nothing about a draft."""


def interrupted(seed, folder):
    process = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "TMPDIR": str(folder)}
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests/draft/interrupted.py"), "12", str(seed)]
    return subprocess.run(command, cwd=folder, env=process, capture_output=True, text=True, check=False)


def test_interrupts_at_random_moments_leave_nothing(tmp_path):
    done = [interrupted(seed, tmp_path) for seed in (7, 8, 9)]
    output = "".join(run.stdout + run.stderr for run in done)
    assert {run.returncode for run in done} <= {0, ABORTED}, output
    assert output.count(": interrupted, left: []") >= 8, output


def test_a_patch_that_stays_is_found():
    sys.path.insert(0, str(ROOT))
    from tests.draft import interrupted

    before = interrupted.picture()
    own = os.path.exists
    os.path.exists = lambda path: own(path)
    try:
        assert interrupted.changed(before, interrupted.picture()) == ["posixpath.exists"]
    finally:
        os.path.exists = own
