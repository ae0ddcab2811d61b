-- Bytes of "Vdtt": by it a store is told from another program's file.
PRAGMA application_id = 1449423988;

CREATE TABLE objects (
    id BLOB NOT NULL PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,
    records INTEGER NOT NULL, malformed INTEGER NOT NULL, bodies INTEGER NOT NULL, done INTEGER NOT NULL,
    poison TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX objects_at ON objects (at);
CREATE INDEX objects_poison ON objects (at) WHERE poison <> '';

CREATE TABLE sources (
    source TEXT NOT NULL PRIMARY KEY, cursor TEXT NOT NULL, last_object TEXT NOT NULL, last_at INTEGER NOT NULL,
    lag INTEGER NOT NULL, objects INTEGER NOT NULL, records INTEGER NOT NULL, errors INTEGER NOT NULL,
    last_error TEXT NOT NULL
);

CREATE TABLE matches (
    id BLOB NOT NULL PRIMARY KEY, detection TEXT NOT NULL, event TEXT NOT NULL, group_texts TEXT NOT NULL,
    time INTEGER NOT NULL, value REAL, sighting TEXT NOT NULL
);

CREATE TABLE minutes (
    group_id BLOB NOT NULL, start INTEGER NOT NULL, detection TEXT NOT NULL, group_texts TEXT NOT NULL,
    statistics TEXT, evidence TEXT NOT NULL, PRIMARY KEY (group_id, start)
);
CREATE INDEX minutes_detection ON minutes (detection, start);

CREATE TABLE alerts (
    id TEXT NOT NULL PRIMARY KEY, detection TEXT NOT NULL, group_id BLOB NOT NULL, group_texts TEXT NOT NULL,
    opened INTEGER NOT NULL, closed INTEGER, closes INTEGER, first_minute INTEGER NOT NULL, last_minute INTEGER NOT NULL,
    incident TEXT NOT NULL, actor TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL,
    status TEXT NOT NULL, standing INTEGER NOT NULL, body TEXT NOT NULL, evidence TEXT NOT NULL
);
CREATE INDEX alerts_group ON alerts (group_id, first_minute);
CREATE INDEX alerts_actor ON alerts (actor, changed);
CREATE INDEX alerts_changed ON alerts (changed);
CREATE INDEX alerts_incident ON alerts (incident);
CREATE INDEX alerts_standing ON alerts (id) WHERE standing = 1;

CREATE TABLE due (
    group_id BLOB NOT NULL PRIMARY KEY, detection TEXT NOT NULL, group_texts TEXT NOT NULL, due INTEGER NOT NULL
);
CREATE INDEX due_due ON due (due);

CREATE TABLE decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX decisions_alert ON decisions (alert);

CREATE TABLE deliveries (
    key TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL, incident TEXT NOT NULL, reason TEXT NOT NULL,
    created INTEGER NOT NULL, due INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    holder TEXT NOT NULL, lease INTEGER NOT NULL, settled INTEGER, body TEXT NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX deliveries_created ON deliveries (created);
CREATE INDEX deliveries_incident ON deliveries (incident);

CREATE TABLE silences (
    id TEXT NOT NULL PRIMARY KEY, created INTEGER NOT NULL, until INTEGER NOT NULL, body TEXT NOT NULL
);

CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL);

CREATE TABLE notes (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
