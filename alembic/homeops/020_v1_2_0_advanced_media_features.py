"""advanced media features

Locks: SHARE ROW EXCLUSIVE on core.users, media.items and media.viewing_history, each for a
    moment, while the foreign keys are added: writes there stop. Taken without queueing.
    The new tables are not yet in use.
Rollback: automatic. Parks the tables with every row; the next upgrade restores them.

Recommendations, viewing analytics, and genres and moods of music. All of the release's
tables are made here, as in 010.


Revision ID: 020
Revises: 012
"""

from rollout.ops import add_foreign_key, make_tables, park_tables

revision = "020"
down_revision = "012"
branch_labels = None
depends_on = None
schema_version = "1.2.0"
kind = "schema"
phase = 3

ROWS = "SELECT, INSERT, UPDATE, DELETE"
TABLES = {
    "media.recommendation_runs": {"authenticated": "SELECT", "service_role": ROWS},
    "media.recommendations": {
        "authenticated": "SELECT, UPDATE (shown_at, opened_at, dismissed_at)",
        "service_role": ROWS,
    },
    "media.item_similarities": {"authenticated": "SELECT", "service_role": ROWS},
    "media.item_feedback": {"authenticated": ROWS, "service_role": ROWS},
    "media.playback_events": {"authenticated": "SELECT, INSERT", "service_role": ROWS},
    "media.playback_positions": {"authenticated": ROWS, "service_role": ROWS},
    "media.viewing_days": {"authenticated": "SELECT", "service_role": ROWS},
    "media.genres": {"authenticated": ROWS, "service_role": ROWS},
    "media.item_genres": {
        "authenticated": "SELECT, INSERT, DELETE",
        "service_role": ROWS,
    },
    "media.moods": {"authenticated": ROWS, "service_role": ROWS},
    "media.track_analyses": {"authenticated": "SELECT", "service_role": ROWS},
}

# Keys to tables in use.
KEYS = (
    ("fk_recommendation_runs_user", "media.recommendation_runs", "user_id", "core.users", "CASCADE"),
    ("fk_recommendations_item", "media.recommendations", "item_id", "media.items", "CASCADE"),
    ("fk_recommendations_because_item", "media.recommendations", "because_item_id", "media.items", "SET NULL"),
    ("fk_item_similarities_item", "media.item_similarities", "item_id", "media.items", "CASCADE"),
    ("fk_item_similarities_similar_item", "media.item_similarities", "similar_item_id", "media.items", "CASCADE"),
    ("fk_item_feedback_user", "media.item_feedback", "user_id", "core.users", "CASCADE"),
    ("fk_item_feedback_item", "media.item_feedback", "item_id", "media.items", "CASCADE"),
    ("fk_playback_events_session", "media.playback_events", "session_id", "media.viewing_history", "CASCADE"),
    ("fk_playback_positions_user", "media.playback_positions", "user_id", "core.users", "CASCADE"),
    ("fk_playback_positions_item", "media.playback_positions", "item_id", "media.items", "CASCADE"),
    ("fk_viewing_days_user", "media.viewing_days", "user_id", "core.users", "CASCADE"),
    ("fk_item_genres_item", "media.item_genres", "item_id", "media.items", "CASCADE"),
    ("fk_track_analyses_item", "media.track_analyses", "item_id", "media.items", "CASCADE"),
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
