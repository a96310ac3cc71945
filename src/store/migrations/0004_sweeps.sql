-- Through whom a delivery came, as far as its body shows at a glance: where many wait to be routed, each gets its share.
ALTER TABLE delivery ADD COLUMN whose {key} NOT NULL DEFAULT '';
CREATE INDEX delivery_waiting_whose ON delivery (whose, id) WHERE waiting = 1;

-- How far the comparison of what is known of a tenant with what GitHub shows has come. `next_at`: not before that time.
CREATE TABLE sweep (
    tenant {key} PRIMARY KEY,
    next_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
