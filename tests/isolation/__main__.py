"""Prints docs/isolation.md, or docs/homeops-isolation.md; on servers of its own."""

import sys
from contextlib import ExitStack

from tests import servers
from tests.databases import Databases
from tests.homeops import history as homeops
from tests.isolation import homeops_page
from tests.isolation.declared import open_household, prepared
from tests.isolation.lab import Lab, open_lab
from tests.isolation.page import page
from tests.isolation.places import PLACES, fill, servers_of_all


def of_homeops() -> int:
    """One server, one database, one page."""
    with servers.new_server() as server:
        url = Databases(server).make()
        homeops.run(url, "upgrade", "head")
        homeops.seed(url, "dev")
        prepared(url)
        with open_household(url) as lab:
            sys.stdout.write(homeops_page.page(lab, homeops_page.hunted(lab)))
    return 0


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
    raise SystemExit(of_homeops() if sys.argv[1:] == ["homeops"] else main())
