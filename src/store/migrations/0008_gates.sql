-- What the gate has answered, one row for each thing that was asked: `asked` is what was asked, so that who asks the same is
-- given the same; `turn` grows with each answer, and `changed` tells every replica what is news.
CREATE TABLE gate (
    id {key} PRIMARY KEY,
    tenant {key} NOT NULL,
    subject {key} NOT NULL,
    asked {key} NOT NULL,
    since BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX gate_asked ON gate (tenant, asked, since);
CREATE INDEX gate_subject ON gate (tenant, subject);
CREATE INDEX gate_changed ON gate (changed);
