"""``rollout seed --import``: a CSV file into a table, errors with their line."""

import pytest

TABLE = """
    CREATE TABLE public.things (
        id int PRIMARY KEY, name text UNIQUE, amount numeric CHECK (amount > 0),
        note text DEFAULT 'none', twice int GENERATED ALWAYS AS (id * 2) STORED
    )
"""
ROWS = "SELECT id, name, amount, note FROM public.things ORDER BY id"


@pytest.fixture
def things(empty_database, database):
    db = database(empty_database)
    db.run(TABLE)
    return db


@pytest.fixture
def put(things, rollout, tmp_path):
    def run(content, *arguments, table="public.things"):
        file = tmp_path / "things.csv"
        data = content if isinstance(content, bytes) else content.encode()
        file.write_bytes(data)
        return rollout(
            things.url, "seed", "--import", str(file), "--table", table, *arguments
        )

    return run


def test_fields_are_what_postgresql_makes_of_them(put, things):
    done = put('\ufeffid,name,amount\r\n1,"a ""b"", c",1.50\r\n\r\n2,"",\r\n3,"x\ny",2')
    assert done.status == 0, done.err
    assert [tuple(map(str, row)) for row in things.rows(ROWS)] == [
        ("1", 'a "b", c', "1.50", "none"),
        ("2", "", "None", "none"),
        ("3", "x\ny", "2", "none"),
    ]


def test_a_run_that_was_stopped_is_resumed_by_running_it_again(put, things):
    lines = [f"{n},n{n},{n}" for n in range(1, 26)]
    bad = ["id,name,amount", *lines[:17], "18,n18,-1", *lines[18:]]
    done = put("\n".join(bad), "--batch-rows", "5")
    assert done.status == 1
    assert "line 19: " in done.err
    assert "rows before line 17 are in" in done.err
    assert things.value("SELECT count(*) FROM public.things") == 15

    good = ["id,name,amount", *lines]
    done = put("\n".join(good), "--batch-rows", "5", "--json")
    assert (done.json["rows"], done.json["inserted"], done.json["skipped"]) == (
        25,
        10,
        15,
    )


def test_what_is_there_stays_as_it_is(put, things):
    things.run("INSERT INTO public.things VALUES (1, 'mine', 7)")
    assert put("id,name,amount\n1,theirs,8\n2,new,9\n").status == 0
    names = [row[1] for row in things.rows(ROWS)]
    assert names == ["mine", "new"]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("id,name\n1,a\nx,b\n", 3, "(column id)"),
        ('id,name\n1,"a\n\nb"\n2,c\ny,d\n', 6, "invalid input syntax"),
        ("id,name\n1,a\n\n\n2\n", 5, "missing data"),
        ("id,name\n1,a\n2,b,c\n", 3, "extra data"),
        ("id,name\n1,a\n,b\n", 3, "null value"),
        ("id,name\n1,a\n2,b\n3,a\n", 4, "Key (name)=(a) already exists"),
        ("id,amount\n1,1\n2,2\n3,0\n4,4\n", 4, "things_amount_check"),
        ("id,name\n1,a\n2,\"b\n3,c\n", 3, "never closed"),
        (b"id,name\n1,a\n2,\xff\n", 3, "invalid byte sequence"),
        ("id,nmae\n1,a\n", 1, "no column nmae"),
        ("name\na\n", 1, "no column id, the key"),
        ("id,id\n1,1\n", 1, "named twice"),
        ("", 1, "is empty"),
        ("id,twice\n1,2\n", 1, "no column twice"),
    ],
)  # fmt: skip
def test_an_error_names_its_line_and_puts_nothing_in(put, things, content, line, said):
    done = put(content)
    assert done.status == 1
    assert f"things.csv, line {line}: " in done.err
    assert said in done.err
    assert things.rows(ROWS) == []


def test_a_foreign_key_that_leads_nowhere_names_its_line(put, things):
    things.run(
        "CREATE TABLE public.parts (id int PRIMARY KEY, thing int REFERENCES things)"
    )
    things.run("INSERT INTO public.things VALUES (1, 'a', 1)")
    done = put("id,thing\n1,1\n2,\n3,9\n", table="public.parts")
    assert "line 4: " in done.err
    assert "Key (thing)=(9) is not present" in done.err


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("things", "Try: public.things"),
        ("public.missing", "is not there"),
        ("public.keyless", "has no primary key"),
    ],
)
def test_a_table_that_cannot_be_filled_is_refused(put, things, table, said):
    things.run("CREATE TABLE public.keyless (id int)")
    done = put("id\n1\n", table=table)
    assert (done.status, said in done.err) == (1, True)


def test_a_file_that_is_not_there_is_told(things, rollout):
    done = rollout(
        things.url, "seed", "--import", "/missing.csv", "--table", "public.things"
    )
    assert (done.status, "cannot be read" in done.err) == (1, True)


def test_rows_without_an_id_get_one_of_their_values(put, things):
    """Another run, in another time zone, finds them; a line twice is one row."""
    things.run(
        "CREATE TABLE public.items (id uuid PRIMARY KEY, title text, at timestamptz)"
    )
    content = "title,at\nAlien,1979-05-25 20:00+00\n,2001-01-01 00:00+00\n"
    content += "Alien,1979-05-25 20:00+00\n"
    done = put(content, "--json", table="public.items")
    assert (done.json["rows"], done.json["inserted"]) == (3, 2)
    before = things.rows("SELECT * FROM public.items ORDER BY title")
    assert [title for _, title, _ in before] == ["Alien", None]

    name = things.value("SELECT current_database()")
    things.run(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'")
    content += "Heat,1995-12-15 20:00+00\n"
    done = put(content, "--json", table="public.items")
    assert (done.json["inserted"], done.json["skipped"]) == (1, 3)
    assert set(before) < set(things.rows("SELECT * FROM public.items"))
