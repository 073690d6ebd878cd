import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_interrupts_at_random_moments_leave_nothing(tmp_path):
    process = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests/draft/interrupted.py"), "30", "7"]
    done = subprocess.run(command, cwd=tmp_path, env=process, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 5, done.stdout


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
