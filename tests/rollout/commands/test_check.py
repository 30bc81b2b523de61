from rollout import checks


def test_all_is_well_at_head(rollout, head_database):
    done = rollout(head_database, "check")
    assert done.status == 0
    assert f"\n{len(checks.NAMES)} checks: {len(checks.NAMES)} PASS, 0 WARN" in done.out
    assert done.err == ""


def test_a_fail_ends_with_status_1_and_the_next_command(
    rollout, head_database, database
):
    database(head_database).run(
        "ALTER TABLE public.user_feature_flags DISABLE ROW LEVEL SECURITY"
    )
    done = rollout(head_database, "check", "row-level-security", "rejects")
    assert done.status == 1
    assert "2 checks: 1 PASS, 0 WARN, 1 FAIL" in done.out
    assert (
        "ALTER TABLE public.user_feature_flags ENABLE ROW LEVEL SECURITY;" in done.out
    )


def test_a_warning_ends_with_status_0(rollout, head_database, database):
    database(head_database).run("CREATE TABLE public.theirs (id int)")
    done = rollout(head_database, "check", "row-level-security")
    assert done.status == 0
    assert "0 PASS, 1 WARN, 0 FAIL" in done.out


def test_json_has_every_finding(rollout, head_database):
    done = rollout(head_database, "check", "rejects", "parked", "--json")
    assert done.json == {
        "findings": [
            {
                "name": n,
                "status": "PASS",
                "summary": "none",
                "details": [],
                "remedy": [],
            }
            for n in ("rejects", "parked")
        ],
        "summary": {"PASS": 2, "WARN": 0, "FAIL": 0},
    }


def test_the_list_has_every_check(rollout):
    done = rollout(None, "check", "--list")
    assert done.status == 0
    for name in checks.NAMES:
        assert f"\n{checks.shown(name)} " in done.out


def test_an_unknown_check_is_refused_before_connecting(rollout):
    done = rollout("postgresql://nobody@nowhere.invalid/x", "check", "nonsense")
    assert done.status == 1
    assert "there is no check 'nonsense'" in done.err


def test_a_database_that_is_not_ours_is_refused(rollout, empty_database):
    done = rollout(empty_database, "check")
    assert done.status == 1
    assert "is not a database of ours" in done.err


def test_checks_leave_the_database_as_it_was(rollout, head_database, database):
    before = database(head_database).snapshot()
    rollout(head_database, "check")
    assert database(head_database).snapshot() == before
