CREATE TABLE habits (
    actor_id BLOB NOT NULL, start INTEGER NOT NULL, actor TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (actor_id, start)
) WITHOUT ROWID;
CREATE INDEX habits_start ON habits (start);
