"""smart home expansion

Locks: SHARE ROW EXCLUSIVE on core.users and smart_home.devices, each for a
    moment, while the foreign keys are added: writes there stop. Taken without queueing.
    The new tables are not yet in use.
Rollback: automatic. Parks the tables with every row; the next upgrade restores them.

Energy monitoring, automation learning, and device maintenance. All of the release's
tables are made here, as in 010.


Revision ID: 030
Revises: 023
"""

from rollout.ops import add_foreign_key, make_tables, park_tables

revision = "030"
down_revision = "023"
branch_labels = None
depends_on = None
schema_version = "1.3.0"
kind = "schema"
phase = 3

ROWS = "SELECT, INSERT, UPDATE, DELETE"
TABLES = {
    "smart_home.tariffs": {"authenticated": ROWS, "service_role": ROWS},
    "smart_home.tariff_rates": {"authenticated": ROWS, "service_role": ROWS},
    "smart_home.energy_readings": {"authenticated": "SELECT", "service_role": ROWS},
    "smart_home.energy_days": {"authenticated": "SELECT", "service_role": ROWS},
    "smart_home.energy_budgets": {"authenticated": ROWS, "service_role": ROWS},
    "smart_home.automations": {"authenticated": ROWS, "service_role": ROWS},
    "smart_home.automation_runs": {"authenticated": "SELECT", "service_role": ROWS},
    "smart_home.device_actions": {"authenticated": "SELECT", "service_role": ROWS},
    "smart_home.learned_patterns": {
        "authenticated": "SELECT, UPDATE (status, automation_id, decided_by, decided_at)",
        "service_role": ROWS,
    },
    "smart_home.maintenance_plans": {"authenticated": ROWS, "service_role": ROWS},
    "smart_home.device_faults": {
        "authenticated": "SELECT, INSERT, UPDATE (severity, description, resolved_at, resolution)",
        "service_role": ROWS,
    },
    "smart_home.maintenance_records": {
        "authenticated": "SELECT, INSERT",
        "service_role": ROWS,
    },
    "smart_home.device_warranties": {"authenticated": ROWS, "service_role": ROWS},
}

# Keys to tables in use.
KEYS = (
    ("fk_energy_readings_device", "smart_home.energy_readings", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_energy_days_device", "smart_home.energy_days", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_automations_creator", "smart_home.automations", "created_by", "core.users", "SET NULL"),
    ("fk_device_actions_device", "smart_home.device_actions", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_device_actions_user", "smart_home.device_actions", "user_id", "core.users", "SET NULL"),
    ("fk_learned_patterns_device", "smart_home.learned_patterns", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_learned_patterns_decider", "smart_home.learned_patterns", "decided_by", "core.users", "SET NULL"),
    ("fk_maintenance_plans_device", "smart_home.maintenance_plans", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_maintenance_plans_assignee", "smart_home.maintenance_plans", "assigned_to", "core.users", "SET NULL"),
    ("fk_device_faults_device", "smart_home.device_faults", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_device_faults_reporter", "smart_home.device_faults", "reported_by", "core.users", "SET NULL"),
    ("fk_maintenance_records_device", "smart_home.maintenance_records", "device_id", "smart_home.devices", "CASCADE"),
    ("fk_maintenance_records_doer", "smart_home.maintenance_records", "done_by", "core.users", "SET NULL"),
    ("fk_device_warranties_device", "smart_home.device_warranties", "device_id", "smart_home.devices", "CASCADE"),
)  # fmt: skip


def upgrade() -> None:
    made = make_tables(__file__, TABLES)
    for name, table, column, referenced, on_delete in KEYS:
        if table in made:
            add_foreign_key(
                name, table, [column], referenced, ["id"], on_delete=on_delete
            )


def downgrade() -> None:
    park_tables(TABLES)
