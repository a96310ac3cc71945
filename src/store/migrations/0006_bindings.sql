-- What a token was used for first: it counts for nothing else. The id is a digest of its issuer and its own id, and the same
-- in every tenant, so that no token is used in two.
CREATE TABLE binding (
    id {key} PRIMARY KEY,
    tenant {key} NOT NULL,
    bound TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX binding_expires_at ON binding (expires_at);
