"""Prints docs/isolation.md, made on servers of its own."""

import sys
from contextlib import ExitStack

from tests.isolation.lab import Lab, open_lab
from tests.isolation.page import page
from tests.isolation.places import PLACES, fill, servers_of_all


def main() -> int:
    """Both servers, six databases, one page."""
    with ExitStack() as stack:
        databases = stack.enter_context(servers_of_all())
        labs: dict[str, tuple[Lab, Lab]] = {}
        for place in PLACES:
            opened = []
            for down_to in (None, "baseline"):
                url = databases[place.name].make()
                fill(place, databases[place.name], url, down_to)
                opened.append(stack.enter_context(open_lab(place.history, url)))
            labs[place.name] = (opened[0], opened[1])
        sys.stdout.write(page(labs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
