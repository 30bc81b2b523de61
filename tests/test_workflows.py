"""Workflows and compose file: what they promise, and their commands really run."""

import configparser
import os
import re
import shutil
import subprocess
import sys

import pytest

from rollout import embedded
from tests.commands import ROOT

yaml = pytest.importorskip("yaml")

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LINKED = ("alembic", "alembic.ini", "models", "rollout", "seeds")


def read(path):
    """A file of YAML; the key ``on`` is read as True, as YAML 1.1 has it."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


STAGING = read(".github/workflows/deploy-staging.yml")
RUN = {step["name"]: step for step in steps(STAGING) if "run" in step}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
class TestEveryWorkflow:
    def test_it_may_read_the_code_and_nothing_else(self, path):
        workflow = read(path)
        assert workflow["permissions"] == {"contents": "read"}
        assert not any("permissions" in job for job in workflow["jobs"].values())

    def test_actions_are_pinned_to_a_version(self, path):
        used = [step["uses"] for step in steps(read(path)) if "uses" in step]
        assert used
        assert [
            u for u in used if not re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", u)
        ] == []

    def test_the_token_is_not_left_in_the_clone(self, path):
        for step in steps(read(path)):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}

    def test_a_job_ends_by_itself(self, path):
        assert all(job["timeout-minutes"] <= 60 for job in read(path)["jobs"].values())

    def test_a_command_has_no_secret_and_no_text_of_a_pull_request_in_it(self, path):
        """Secrets go by the environment; a title may hold commands."""
        for step in steps(read(path)):
            for name in re.findall(r"\$\{\{\s*([\w.]+)", step.get("run", "")):
                assert name.startswith("matrix.")


def test_checks_run_for_pull_requests_and_on_main():
    checks = read(".github/workflows/checks.yml")
    assert set(checks[True]) == {"pull_request", "push"}
    assert checks[True]["push"]["branches"] == ["main"]
    jobs = checks["jobs"]
    assert jobs["embedded"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert jobs["server"]["strategy"]["matrix"]["postgres"] == ["15", "17"]


def test_what_the_checks_run_is_there():
    commands = [
        s["run"] for s in steps(read(".github/workflows/checks.yml")) if "run" in s
    ]
    assert commands == [".ci/run", "make test JOBS=1"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^test: .*TEST_DATABASE_URL", makefile, re.MULTILINE)


def test_staging_is_deployed_from_develop_one_at_a_time():
    assert STAGING[True] == {"push": {"branches": ["develop"]}}
    assert STAGING["concurrency"] == {
        "group": "deploy-staging", "cancel-in-progress": False
    }  # fmt: skip
    assert all(job["environment"] == "staging" for job in STAGING["jobs"].values())


def test_staging_has_the_histories_of_alembic_ini():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "alembic.ini")
    (job,) = STAGING["jobs"].values()
    for entry in job["strategy"]["matrix"]["include"]:
        assert config.has_option(entry["schema"], "script_location")
        assert re.fullmatch(r"STAGING_\w*DATABASE_URL", entry["secret"])


def test_the_secret_goes_only_to_steps_that_need_it():
    for holder in (STAGING, *STAGING["jobs"].values()):
        assert "secrets" not in str(holder.get("env"))
    secret = {"DATABASE_URL": "${{ secrets[matrix.secret] }}"}
    for step in steps(STAGING):
        needs = "rollout" in step.get("run", "") or "DATABASE_URL" in step.get(
            "run", ""
        )
        assert (step.get("env") == secret) is needs, step.get("name")


@pytest.fixture
def runner(tmp_path):
    """Run steps of the staging workflow as GitHub does, in a clone of its own."""
    for name in LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "rollout"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rollout "$@"\n')
    command.chmod(0o755)

    def run(name, url):
        text = RUN[name]["run"].replace("${{ matrix.schema }}", "alembic")
        return subprocess.run(
            [shutil.which("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c",
             text.replace("${{ matrix.secret }}", "STAGING_DATABASE_URL")],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
            env={
                "PATH": f"{programs}:/usr/bin:/bin", "PYTHONPATH": str(ROOT),
                "DATABASE_URL": url, "ROLLOUT_ENV": "staging",
                "ROLLOUT_PG_BIN": str(embedded.binaries()),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            },
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_the_steps_deploy_seed_and_validate(runner, database_at, tmp_path):
    url = database_at("009")
    for name in ("The database is named", "Look before", "Deploy", "Seed", "Validate",
                 "Say where it stands"):  # fmt: skip
        done = runner(name, url)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    assert "stands at 010 (1.9.0), 0 pending" in (tmp_path / "summary.md").read_text()
    assert len(list((tmp_path / "backups").glob("*.dump"))) == 1


@pytest.mark.slow
def test_a_deployment_that_is_not_right_fails_the_validation(
    runner, head_database, connect
):
    connect(head_database, autocommit=True).cursor().execute(
        "ALTER TABLE public.user_feature_flags DISABLE ROW LEVEL SECURITY"
    )
    done = runner("Validate", head_database)
    assert done.returncode == 1
    assert "row-level-security" in done.stdout


def test_without_its_secret_nothing_is_deployed(runner):
    """An empty secret is an empty string there."""
    done = runner("The database is named", "")
    assert done.returncode == 1
    assert "has no secret STAGING_DATABASE_URL" in done.stdout
    names = list(RUN)
    assert names.index("The database is named") < names.index("Look before")


class TestCompose:
    FILE = "docker-compose.dev.yml"

    def test_only_this_machine_reaches_it_where_the_document_says(self):
        services = read(self.FILE)["services"]
        ports = [p for service in services.values() for p in service.get("ports", [])]
        assert ports == ["127.0.0.1:54322:5432"]
        assert "127.0.0.1:54322/postgres" in (ROOT / self.FILE).read_text()

    def test_images_are_pinned_and_watched(self):
        services = read(self.FILE)["services"]
        assert re.fullmatch(
            r"supabase/postgres:1[57](\.\d+){3}", services["postgres"]["image"]
        )
        for service in services.values():
            assert re.search(r":v?\d+(\.\d+){2,3}$", service["image"])
            assert "healthcheck" in service

    def test_data_and_key_are_kept(self):
        compose = read(self.FILE)
        kept = {v.split(":")[0] for v in compose["services"]["postgres"]["volumes"]}
        assert kept == set(compose["volumes"]) == {"data", "config"}

    def test_auth_is_completed_after_the_database_is_there(self):
        """The image lacks auth.sessions and auth.jwt(), and baseline wants them."""
        auth = read(self.FILE)["services"]["auth"]
        assert auth["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert "supabase_auth_admin" in auth["environment"]["GOTRUE_DB_DATABASE_URL"]
