-- File: migrations/000_migration_logging.sql
-- Purpose: Track all migration operations

CREATE TABLE IF NOT EXISTS public.migration_log (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    migration_file TEXT NOT NULL,
    operation TEXT NOT NULL, -- 'CREATE', 'ALTER', 'INSERT', 'ROLLBACK'  
    description TEXT,
    executed_at TIMESTAMPTZ DEFAULT now(),
    executed_by TEXT DEFAULT current_user,
    execution_time_ms INTEGER,
    success BOOLEAN DEFAULT true,
    error_message TEXT
);

-- Create index
CREATE INDEX idx_migration_log_executed ON public.migration_log(executed_at DESC);
