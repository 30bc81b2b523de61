"""Numbers and names on the command line, refused before anything runs."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path


def between(low: float, high: float) -> Callable[[str], float]:
    """A number of this range, for ``type=`` of an argument."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ArgumentTypeError(
                f"{text!r} is not a number from {low:g} to {high:g}"
            )
        return value

    return number


def whole(low: int, high: int) -> Callable[[str], int]:
    """The same for whole numbers."""

    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ArgumentTypeError(
                f"{text!r} is not a whole number from {low} to {high}"
            )
        return int(text)

    return number


def directory(text: str) -> Path:
    """A directory; ``.`` is one, the empty name of an unset variable is none."""
    if not text:
        raise ArgumentTypeError("'' is no name of a directory")
    return Path(text)


def file(text: str) -> Path:
    """A file to write; the empty name of an unset variable is none."""
    if not Path(text).name:
        raise ArgumentTypeError(f"{text!r} is no name of a file")
    return Path(text)
