ROWS = """
    INSERT INTO public.migration_log (migration_file, operation)
    SELECT 'a', 'b' FROM generate_series(1, 12000)
"""


def test_dead_rows_are_a_warning_until_they_are_vacuumed_away(lab):
    lab.run("ALTER TABLE public.migration_log SET (autovacuum_enabled = false)", ROWS)
    lab.run("DELETE FROM public.migration_log", "SELECT pg_stat_force_next_flush()")
    assert "public.migration_log: 12,0" in lab.told("bloat")
    assert lab.status("bloat") == "WARN"
    lab.mend("bloat")
    lab.run("SELECT pg_stat_force_next_flush()")
    assert lab.status("bloat") == "PASS"
