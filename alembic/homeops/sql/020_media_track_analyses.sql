-- What the analyser heard in music, one row a track; written by the service
CREATE TABLE media.track_analyses (
    item_id UUID NOT NULL,  -- Track; the row goes with it
    mood_id UUID,  -- Mood that fits best; NULL if none does
    mood_confidence NUMERIC(7, 6),  -- How sure the analyser is of it, from 0 to 1
    valence NUMERIC(7, 6) NOT NULL,  -- From 0, sad, to 1, glad
    arousal NUMERIC(7, 6) NOT NULL,  -- From 0, calm, to 1, wild
    danceability NUMERIC(7, 6) NOT NULL,  -- From 0 to 1
    tempo_bpm NUMERIC(6, 2) NOT NULL,  -- Beats a minute
    loudness_db NUMERIC(6, 2) NOT NULL,  -- Loudness in LUFS, 0 and below
    musical_key TEXT,  -- Key, as in Am or F#; NULL if there is none
    analyser TEXT NOT NULL,  -- What heard it, with its version: another version hears it again
    analysed_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was heard
    CONSTRAINT track_analyses_pkey PRIMARY KEY (item_id),
    CONSTRAINT fk_track_analyses_mood FOREIGN KEY (mood_id)
        REFERENCES media.moods (id) ON DELETE SET NULL,
    CONSTRAINT track_analyses_confidence_check CHECK (mood_confidence BETWEEN 0 AND 1),
    CONSTRAINT track_analyses_valence_check CHECK (valence BETWEEN 0 AND 1),
    CONSTRAINT track_analyses_arousal_check CHECK (arousal BETWEEN 0 AND 1),
    CONSTRAINT track_analyses_danceability_check CHECK (danceability BETWEEN 0 AND 1),
    CONSTRAINT track_analyses_tempo_check CHECK (tempo_bpm BETWEEN 20 AND 400),
    CONSTRAINT track_analyses_loudness_check CHECK (loudness_db BETWEEN -100 AND 0),
    CONSTRAINT track_analyses_key_check CHECK (musical_key ~ '^[A-G][b#]?m?$'),
    CONSTRAINT track_analyses_analyser_check CHECK (length(analyser) > 0)
);

CREATE INDEX idx_track_analyses_mood
    ON media.track_analyses (mood_id, mood_confidence DESC);

-- A playlist for an evening: between two moods, at a tempo.
CREATE INDEX idx_track_analyses_feel ON media.track_analyses (valence, arousal, tempo_bpm);

CREATE INDEX idx_track_analyses_analyser ON media.track_analyses (analyser);

CREATE POLICY "Members see analyses of what they see" ON media.track_analyses
    FOR SELECT TO authenticated
    USING (item_id IN (SELECT i.id FROM media.items AS i));
