REJECT = """
    INSERT INTO migrations.backfill_rejects (revision, source_table, source_id, reason)
    VALUES ('005', 'public.user_onboarding', '{}', '{}')
"""


def test_rejects_are_counted_by_reason_until_there_are_none(lab):
    lab.run(REJECT.format(1, "no user"), REJECT.format(2, "no user"))
    lab.run(REJECT.format(3, "busy: could not obtain lock"))
    said = lab.told("rejects")
    assert said.startswith("WARN\n3 rejected")
    assert "005, public.user_onboarding: 2 no user" in said
    assert "1 busy: somebody held the row" in said
    lab.run("DELETE FROM migrations.backfill_rejects")
    assert lab.told("rejects") == "PASS\nnone"
