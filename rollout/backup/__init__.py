"""Backups: written, checked by restoring them, restored.

A backup is one file: what ``pg_dump -Fc`` wrote, then a manifest of ours, which
``pg_restore`` does not look at. The manifest has the rows and a hash of each table,
both computed by the server in the very snapshot that was dumped, and what the schema
refers to outside of itself (on Supabase: auth), so that the dump can be restored and
compared anywhere.
"""

from rollout.backup.archive import Archive, open_archive
from rollout.backup.restoring import RestoreResult, restore
from rollout.backup.saving import BackupResult, create
from rollout.backup.verifying import VerifyResult, verify

__all__ = [
    "Archive",
    "BackupResult",
    "RestoreResult",
    "VerifyResult",
    "create",
    "open_archive",
    "restore",
    "verify",
]
