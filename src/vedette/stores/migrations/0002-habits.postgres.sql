CREATE TABLE habits (
    actor_id BYTEA NOT NULL, start BIGINT NOT NULL, actor TEXT COLLATE "C" NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (actor_id, start)
);
CREATE INDEX habits_start ON habits (start);
