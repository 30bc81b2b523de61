-- What was said in conversations, one row a message
CREATE TABLE ai.messages (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    conversation_id UUID NOT NULL,  -- Conversation; the row goes with it
    user_id UUID NOT NULL,  -- Whose conversation it is; always the same as there
    position INTEGER NOT NULL,  -- Place in the conversation, the first is 1
    role TEXT NOT NULL,  -- system, user, assistant or tool
    content TEXT NOT NULL,  -- What was said
    token_count INTEGER,  -- Length as the language model counts it; NULL if not known
    sent_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was said
    CONSTRAINT messages_pkey PRIMARY KEY (id),
    CONSTRAINT messages_owner_key UNIQUE (id, user_id),
    CONSTRAINT messages_position_key UNIQUE (conversation_id, position),
    CONSTRAINT fk_messages_conversation FOREIGN KEY (conversation_id, user_id)
        REFERENCES ai.conversations (id, user_id) ON DELETE CASCADE,
    CONSTRAINT messages_position_check CHECK (position > 0),
    CONSTRAINT messages_role_check CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    CONSTRAINT messages_content_check CHECK (length(content) > 0),
    CONSTRAINT messages_token_count_check CHECK (token_count >= 0)
);

CREATE INDEX idx_messages_conversation ON ai.messages (conversation_id, user_id);

CREATE INDEX idx_messages_user_sent ON ai.messages (user_id, sent_at DESC);

CREATE POLICY "Users manage their messages" ON ai.messages FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);

-- People speak for themselves: what the assistant, a tool or the system said is written by
-- the service, and no request puts words into their mouths.
CREATE TRIGGER messages_of_others_come BEFORE INSERT ON ai.messages
    FOR EACH ROW WHEN (current_user = 'authenticated' AND NEW.role <> 'user')
    EXECUTE FUNCTION private.only_changes();

CREATE TRIGGER messages_of_others_stay BEFORE UPDATE ON ai.messages
    FOR EACH ROW WHEN (current_user = 'authenticated' AND OLD.role <> 'user')
    EXECUTE FUNCTION private.only_changes();

CREATE TRIGGER messages_place BEFORE UPDATE ON ai.messages
    FOR EACH ROW WHEN (current_user = 'authenticated')
    EXECUTE FUNCTION private.only_changes('content', 'token_count');
