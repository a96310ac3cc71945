-- Repositories that went to another account, and when: what is delivered late for the old one is told the new one.
CREATE TABLE moved (
    tenant {key} NOT NULL,
    repo {key} NOT NULL,
    to_tenant {key} NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, repo)
);

-- What waits, tenant by tenant: where many wait, each gets its share.
CREATE INDEX subject_due_tenant ON subject (tenant, due_at, since, kind) WHERE due_at IS NOT NULL;
CREATE INDEX effect_waiting_tenant ON effect (tenant, lane, since) WHERE waiting = 1;
