-- Columns of the sort {key} are compared byte by byte: both databases, and the program, agree on their order.

-- What GitHub delivered. `id` is a ULID: its order is the order of arrival. `waiting` = 1: to be routed.
CREATE TABLE delivery (
    id {key} PRIMARY KEY,
    tenant {key},
    delivery_id {key} NOT NULL UNIQUE,
    event TEXT NOT NULL,
    host TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    body_hash TEXT NOT NULL,
    body_size BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'kept',
    waiting BIGINT NOT NULL DEFAULT 1,
    attempts BIGINT NOT NULL DEFAULT 0,
    repeats BIGINT NOT NULL,
    why TEXT,
    lease TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX delivery_waiting ON delivery (id) WHERE waiting = 1;
CREATE INDEX delivery_parked ON delivery (id) WHERE state = 'parked';

-- Raw bytes, zstd; under the id that GitHub gave, so that a repeated delivery can bring back a forgotten body.
CREATE TABLE delivery_body (
    delivery_id {key} PRIMARY KEY,
    received_at BIGINT NOT NULL,
    body {blob} NOT NULL
);
CREATE INDEX delivery_body_age ON delivery_body (received_at);

-- The units of deciding and of concurrency. `due_at` NULL: nothing to do; 0: at once; 1: when nobody
-- else is; else not before that time.
-- `wakes` counts the reasons to look: a holder that settles with an older count leaves the subject due.
CREATE TABLE subject (
    tenant {key} NOT NULL,
    id {key} NOT NULL,
    kind BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0,
    state TEXT,
    look_again_at BIGINT,
    due_at BIGINT DEFAULT 0,
    since BIGINT NOT NULL,
    wakes BIGINT NOT NULL DEFAULT 1,
    hops BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    last_why TEXT,
    parked_why TEXT,
    lease TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    settled_lease TEXT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX subject_due ON subject (due_at, since, kind) WHERE due_at IS NOT NULL;
CREATE INDEX subject_kind ON subject (kind, tenant, id);
CREATE INDEX subject_parked ON subject (tenant, id) WHERE parked_why IS NOT NULL;

-- What happened to a subject and is not settled yet.
CREATE TABLE subject_event (
    tenant {key} NOT NULL,
    subject {key} NOT NULL,
    delivery {key} NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, subject, delivery)
);

-- What others may read: the view of a subject, who points at a subject, which repository bears a name. `mark`
-- grows with each change of `face`, the hash of what is shown; 0: nothing was ever shown.
CREATE TABLE published (
    tenant {key} NOT NULL,
    key {key} NOT NULL,
    mark BIGINT NOT NULL,
    face TEXT,
    shown TEXT,
    PRIMARY KEY (tenant, key)
);

-- Which subject points at which.
CREATE TABLE edge (
    tenant {key} NOT NULL,
    source {key} NOT NULL,
    relation {key} NOT NULL,
    target {key} NOT NULL,
    PRIMARY KEY (tenant, source, relation, target)
);
CREATE INDEX edge_target ON edge (tenant, target, relation, source);

-- What a subject read when it was settled last; `kind` is the reader's.
CREATE TABLE reading (
    tenant {key} NOT NULL,
    reader {key} NOT NULL,
    kind BIGINT NOT NULL,
    key {key} NOT NULL,
    PRIMARY KEY (tenant, reader, key)
);
CREATE INDEX reading_key ON reading (tenant, key, reader);

-- Readers still to be woken, where there are many: those after `cursor`, of a kind later than `kind`.
CREATE TABLE fan_out (
    tenant {key} NOT NULL,
    key {key} NOT NULL,
    kind BIGINT NOT NULL,
    hops BIGINT NOT NULL,
    cursor {key} NOT NULL,
    PRIMARY KEY (tenant, key)
);

-- What GitHub must be told; one row for each thing that is set. `waiting` = 1: to be sent.
CREATE TABLE effect (
    tenant {key} NOT NULL,
    key {key} NOT NULL,
    lane BIGINT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    generation BIGINT NOT NULL DEFAULT 1,
    waiting BIGINT NOT NULL DEFAULT 1,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL DEFAULT 0,
    since BIGINT NOT NULL,
    last_why TEXT,
    refused_why TEXT,
    remote TEXT,
    sent_hash TEXT,
    lease TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, key)
);
CREATE INDEX effect_waiting ON effect (lane, since) WHERE waiting = 1;
CREATE INDEX effect_refused ON effect (tenant, key) WHERE refused_why IS NOT NULL;

-- The log: append-only, chained per tenant.
CREATE TABLE audit (
    tenant {key} NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
);

-- What people wrote, outside the chain, which holds sha256(salt || text); an erased one has neither.
CREATE TABLE audit_text (
    tenant {key} NOT NULL,
    seq BIGINT NOT NULL,
    name {key} NOT NULL,
    actor TEXT,
    salt TEXT,
    text TEXT,
    PRIMARY KEY (tenant, seq, name)
);
CREATE INDEX audit_text_actor ON audit_text (tenant, actor) WHERE text IS NOT NULL;

-- The last entry of each chain.
CREATE TABLE audit_head (
    tenant {key} PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
