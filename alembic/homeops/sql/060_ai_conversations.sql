-- What people talk about with the assistant, one row a conversation
CREATE TABLE ai.conversations (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Whose it is, core.users.id; the row goes when the user goes
    title TEXT,  -- Title shown to the person; NULL: none yet
    assistant TEXT NOT NULL,  -- Language model that answers, with its version
    is_archived BOOLEAN NOT NULL DEFAULT false,  -- Whether it is out of sight
    last_message_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the last message came
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT conversations_pkey PRIMARY KEY (id),
    CONSTRAINT conversations_owner_key UNIQUE (id, user_id),
    CONSTRAINT conversations_title_check CHECK (length(title) > 0),
    CONSTRAINT conversations_assistant_check CHECK (length(assistant) > 0)
);

CREATE INDEX idx_conversations_user_last
    ON ai.conversations (user_id, last_message_at DESC);

CREATE POLICY "Users manage their conversations" ON ai.conversations FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);

CREATE TRIGGER touch_conversations BEFORE UPDATE ON ai.conversations
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
