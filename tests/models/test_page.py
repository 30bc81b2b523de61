"""docs/schema.md, docs/homeops-schema.md."""

import pytest

from models import diagram, homeops, metadata

PAGES = {
    "PAGE": (metadata, diagram.HEAD),
    "HOMEOPS_PAGE": (homeops.metadata, diagram.HOMEOPS_HEAD),
}
each_page = pytest.mark.parametrize("name", PAGES)


@each_page
def test_the_page_is_current(name):
    page = getattr(diagram, name).read_text(encoding="utf-8")
    assert page == diagram.schema_page(*PAGES[name]), (
        "the models have changed; run: python -m models.diagram"
    )


@each_page
def test_every_table_and_column_is_in_the_diagram(name):
    page = diagram.schema_page(*PAGES[name]).split("```")[1]
    for table in PAGES[name][0].tables.values():
        assert f"\n    {table.fullname.replace('.', '_')} {{\n" in page
        for column in table.columns:
            assert f" {column.name}" in page


def test_main_writes_the_pages(tmp_path, monkeypatch):
    for name in PAGES:
        monkeypatch.setattr(diagram, name, tmp_path / name)
    diagram.main()
    for name, page in PAGES.items():
        written = getattr(diagram, name).read_text(encoding="utf-8")
        assert written == diagram.schema_page(*page)
