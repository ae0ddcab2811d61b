-- Columns by which rows are put in order have the collation C, so that the order is the same on every server.

CREATE TABLE objects (
    id BYTEA NOT NULL PRIMARY KEY, source TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL, records BIGINT NOT NULL, malformed BIGINT NOT NULL,
    bodies BIGINT NOT NULL, done BIGINT NOT NULL, poison TEXT NOT NULL
);
CREATE INDEX objects_at ON objects (at);
CREATE INDEX objects_poison ON objects (at) WHERE poison <> '';

CREATE TABLE sources (
    source TEXT COLLATE "C" NOT NULL PRIMARY KEY, cursor TEXT NOT NULL, last_object TEXT NOT NULL,
    last_at BIGINT NOT NULL, lag BIGINT NOT NULL, objects BIGINT NOT NULL, records BIGINT NOT NULL,
    errors BIGINT NOT NULL, last_error TEXT NOT NULL
);

CREATE TABLE matches (
    id BYTEA NOT NULL PRIMARY KEY, detection TEXT NOT NULL, event TEXT NOT NULL, group_texts TEXT NOT NULL,
    time BIGINT NOT NULL, value DOUBLE PRECISION, sighting TEXT NOT NULL
);

CREATE TABLE minutes (
    group_id BYTEA NOT NULL, start BIGINT NOT NULL, detection TEXT NOT NULL, group_texts TEXT NOT NULL,
    statistics TEXT, evidence TEXT NOT NULL, PRIMARY KEY (group_id, start)
);
CREATE INDEX minutes_detection ON minutes (detection, start);

CREATE TABLE alerts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY, detection TEXT NOT NULL, group_id BYTEA NOT NULL,
    group_texts TEXT NOT NULL, opened BIGINT NOT NULL, closed BIGINT, closes BIGINT, first_minute BIGINT NOT NULL,
    last_minute BIGINT NOT NULL, incident TEXT NOT NULL, actor TEXT NOT NULL,
    created BIGINT NOT NULL, changed BIGINT NOT NULL, status TEXT NOT NULL, standing BIGINT NOT NULL,
    body TEXT NOT NULL, evidence TEXT NOT NULL
);
CREATE INDEX alerts_group ON alerts (group_id, first_minute);
CREATE INDEX alerts_actor ON alerts (actor, changed);
CREATE INDEX alerts_changed ON alerts (changed);
CREATE INDEX alerts_incident ON alerts (incident);
CREATE INDEX alerts_standing ON alerts (id) WHERE standing = 1;

CREATE TABLE due (
    group_id BYTEA NOT NULL PRIMARY KEY, detection TEXT NOT NULL, group_texts TEXT NOT NULL, due BIGINT NOT NULL
);
CREATE INDEX due_due ON due (due);

CREATE TABLE decisions (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, alert TEXT NOT NULL, at BIGINT NOT NULL,
    reason TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX decisions_alert ON decisions (alert);

CREATE TABLE deliveries (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY, channel TEXT NOT NULL, incident TEXT NOT NULL, reason TEXT NOT NULL,
    created BIGINT NOT NULL, due BIGINT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
    holder TEXT NOT NULL, lease BIGINT NOT NULL, settled BIGINT, body TEXT NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX deliveries_created ON deliveries (created);
CREATE INDEX deliveries_incident ON deliveries (incident);

CREATE TABLE silences (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY, created BIGINT NOT NULL, until BIGINT NOT NULL, body TEXT NOT NULL
);

CREATE TABLE leases (name TEXT COLLATE "C" NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL);

CREATE TABLE notes (name TEXT COLLATE "C" NOT NULL PRIMARY KEY, value TEXT NOT NULL);
