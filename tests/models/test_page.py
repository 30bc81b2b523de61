"""docs/schema.md."""

from models import diagram, metadata


def test_the_page_is_current():
    assert diagram.PAGE.read_text(encoding="utf-8") == diagram.schema_page(), (
        "the models have changed; run: python -m models.diagram"
    )


def test_every_table_and_column_is_in_the_diagram():
    page = diagram.schema_page().split("```")[1]
    for table in metadata.tables.values():
        assert f"\n    {table.fullname.replace('.', '_')} {{\n" in page
        for column in table.columns:
            assert f" {column.name}" in page


def test_main_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(diagram, "PAGE", tmp_path / "schema.md")
    diagram.main()
    assert diagram.PAGE.read_text(encoding="utf-8") == diagram.schema_page()
