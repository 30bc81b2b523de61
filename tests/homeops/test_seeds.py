"""Development, staging and production data, and the import of a large file."""

import re
import uuid

import pytest

from rollout.errors import RolloutError
from rollout.seeding import import_csv
from tests.commands import run_module
from tests.homeops.history import seed, target

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_a_second_run_puts_nothing_in(homeops, environment):
    seed(homeops.url, environment)
    rows = homeops.contents()
    seed(homeops.url, environment)
    assert homeops.contents() == rows


def test_the_document_s_people_and_institutions_are_there(lived_in):
    people = lived_in.rows("SELECT email, full_name, role FROM core.users ORDER BY 1")
    assert people == [
        ("admin@homeops.local", "Admin User", "admin"),
        ("user@homeops.local", "Test User", "user"),
    ]
    banks = lived_in.rows(
        "SELECT name, type FROM financial.institutions WHERE name LIKE 'Test%'"
        " ORDER BY 1"
    )
    assert banks == [("Test Bank", "bank"), ("Test Broker", "broker")]


def test_passwords_are_bcrypt_and_nowhere_in_clear(lived_in):
    hashes = [h for (h,) in lived_in.rows("SELECT password_hash FROM core.users")]
    assert all(re.fullmatch(r"\$2a\$10\$[./A-Za-z0-9]{53}", h) for h in hashes)
    assert len(set(hashes)) == 2


def test_staging_has_neither_names_nor_passwords(homeops):
    seed(homeops.url, "staging")
    found = homeops.rows("SELECT full_name, password_hash FROM core.users ORDER BY 1")
    assert found == [(f"User {n}", None) for n in (1, 2, 3)]


def test_production_has_no_people_and_stands_beside_what_is_there(lived_in):
    lived_in.run("UPDATE smart_home.rooms SET floor = 9 WHERE name = 'Kitchen'")
    users = lived_in.value("SELECT count(*) FROM core.users")
    seed(lived_in.url, "production")
    assert lived_in.value("SELECT count(*) FROM core.users") == users
    floor = "SELECT floor FROM smart_home.rooms WHERE name = 'Kitchen'"
    assert lived_in.value(floor) == 9
    encrypted = "SELECT value FROM core.system_config WHERE key = %s"
    assert lived_in.value(encrypted, "security.encryption_enabled") is True


def test_development_data_are_not_put_beside_real_people_unasked(homeops):
    homeops.insert("core.users", email="real@example.com", full_name="Real")
    done = run_module("rollout", "--schema", "homeops", "seed", "dev", url=homeops.url)
    assert done.returncode == 1
    assert "1 users whom no seed made" in done.stderr
    assert homeops.value("SELECT count(*) FROM core.users") == 1


@pytest.fixture
def library(homeops):
    owner = homeops.insert("core.users", email="a@b", full_name="a")
    return homeops.insert("media.libraries", user_id=owner, name="x", type="movies")


def test_a_large_file_of_works_is_imported_in_batches_and_only_once(
    homeops, library, tmp_path
):
    file = tmp_path / "items.csv"
    lines = [f"{uuid.uuid4()},Film {n},movie,{library}" for n in range(2_500)]
    file.write_text("\n".join(["id,title,type,library_id", *lines]) + "\n")
    for inserted in (2_500, 0):
        done = import_csv(target(homeops.url), file, "media.items", batch_rows=1_000)
        assert (done.rows, done.inserted) == (2_500, inserted)
    assert homeops.value("SELECT count(*) FROM media.items") == 2_500


def test_a_bad_line_is_named_and_the_batch_not_in(homeops, library, tmp_path):
    file = tmp_path / "items.csv"
    file.write_text(
        "id,title,type,library_id\n"
        f"{uuid.uuid4()},Good,movie,{library}\n"
        f"{uuid.uuid4()},Bad,opera,{library}\n"
    )
    with pytest.raises(RolloutError, match=r"line 3.*items_type_check"):
        import_csv(target(homeops.url), file, "media.items")
    assert homeops.value("SELECT count(*) FROM media.items") == 0
