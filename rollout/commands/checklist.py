"""What only a person can do, as Markdown: the check-lists of a roll-out."""

CHECKLIST = """\
# Roll-out check-list

## Before

- [ ] **Backup creation**: a full backup is made and verified (`rollout deploy` makes
      one; to try it: `rollout verify FILE`)
- [ ] **Test environment**: all revisions ran in staging, up and down (every push on
      develop goes there: `.github/workflows/deploy-staging.yml`)
- [ ] **Rollback plan**: `rollout plan -1` was read, rollback was tried in staging
- [ ] **Performance impact** assessed: `rollout plan` (locks, rows, duration)
- [ ] **Monitoring**: alerts are configured, `rollout monitor` runs in a second terminal
- [ ] **Team notification**: the team knows the maintenance window, and who decides on
      a rollback
- [ ] **Time**: a quiet hour, no other deployment, no long reports running

## Roll-out

1. `rollout deploy --dry-run`: pre-flight checks and plan
2. `rollout deploy`: backup, revisions, validation, in this order; it holds the runner
   lock. `--max-rollback-rate 10` stops between two revisions when the application
   begins to roll back
3. Verify data integrity: `rollout check`
4. Update the application's configuration
5. Watch the system: `rollout monitor --once`, error rate, response times
6. Confirm to the team that it is done

## After

- [ ] **Data validation**: `rollout check` has no FAIL, counts are plausible
- [ ] **Performance**: queries on the new tables within the normal range
- [ ] **Application**: it works with the new schema; the old version works, too
- [ ] **Row level security**: a signed-in user sees their own rows and no other's
- [ ] **Indexes** are used: `idx_scan` rises in `pg_stat_user_indexes`
- [ ] **Errors**: no increase; all services respond normally

## If it must be taken back

- [ ] Who decides is reached
- [ ] `rollout plan -1` (or TARGET) shows what is parked; nothing is lost
- [ ] `rollout rollback TARGET`, or everything at once: `rollout rollback --emergency`
- [ ] `rollout check`; the team is told
"""
