"""The check with the real engine in a new process, as continuous integration runs it."""

import json
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/check"


def test_the_documented_example():
    done = subprocess.run(
        [sys.executable, "-m", "torchdraft", "check", "--format", "json"],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    pool, scale = json.loads(done.stdout)["targets"]
    assert [(each["issue"]["code"], each["issue"]["location"]["line"], each["fails"]) for each in pool["findings"]] == [
        ("TD101", 10, True),
        ("TD102", 12, False),
    ]
    assert pool["findings"][1]["suppressed"]["reason"] == "every deployment has one length"
    assert [(each["issue"]["code"], each["suppressed"]["by"]) for each in scale["findings"]] == [("TD401", "settings")]
