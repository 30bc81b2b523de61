"""An application that uses the models passes mypy --strict."""

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("typing_sample.py")
ROOT = SAMPLE.parents[2]


@pytest.mark.slow
def test_an_application_type_checks():
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(SAMPLE.relative_to(ROOT))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "models" / "py.typed").exists()
