"""The table of CONTRIBUTING.md, "Time", from what pytest measured.

    make test PYTEST_ARGS=--junitxml=/tmp/tests.xml
    python tools/test_times.py /tmp/tests.xml

Each test counts for the most special folder that it is in. What is in the last column
is for people to say; the costliest file is a hint.
"""

import sys
from collections import Counter
from xml.etree import ElementTree

FOLDERS = (
    "proof", "rollout/ops", "rollout/commands", "homeops", "versions", "rollout", "",
    "isolation", "rollout/checks", "rollout/backup", "models",
)  # fmt: skip


def main(file: str) -> None:
    """Print the table, the costliest folder first."""
    tests, seconds, files = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for case in ElementTree.parse(file).iter("testcase"):
        place = case.attrib["classname"].replace(".", "/") + "/"
        folder = max((f for f in FOLDERS if place.startswith(_start(f))), key=len)
        took_s = float(case.attrib["time"])
        tests[folder] += 1
        seconds[folder] += took_s
        files[folder, place.rstrip("/").rpartition("/")[2]] += took_s
    print(
        "| folder | tests | seconds, about | costliest file |\n"
        "| --- | ---: | ---: | --- |"
    )
    for folder, took_s in seconds.most_common():
        name, its_s = max(
            ((n, s) for (f, n), s in files.items() if f == folder), key=lambda x: x[1]
        )
        shown = _start(folder).rstrip("/")
        print(f"| `{shown}` | {tests[folder]} | {took_s:.0f} | {name} {its_s:.0f} |")
    print(f"{tests.total()} tests, {seconds.total():.0f} seconds")


def _start(folder: str) -> str:
    return f"tests/{folder}/" if folder else "tests/"


if __name__ == "__main__":
    main(sys.argv[1])
