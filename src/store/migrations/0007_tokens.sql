-- Tokens of ours: each by its SHA-256, with what it is for. `used_on`: the beginning of the day on which it was used last.
CREATE TABLE token (
    digest {key} PRIMARY KEY,
    tenant {key} NOT NULL,
    id {key} NOT NULL,
    body TEXT NOT NULL,
    used_on BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX token_id ON token (id);
