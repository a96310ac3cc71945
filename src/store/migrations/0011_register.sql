-- The register in short, for the queue and the plan: a line of each change request, in piles. `form` tells in which form it was
-- written: lines of an older form are written anew when nobody else waits.
CREATE TABLE register (
    tenant {key} NOT NULL,
    id {key} NOT NULL,
    form BIGINT NOT NULL,
    pile {key} NOT NULL,
    at BIGINT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX register_pile ON register (tenant, pile, at, id);
