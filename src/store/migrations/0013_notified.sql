-- How far each channel was told what the log says.
CREATE TABLE notified (
    tenant {key} NOT NULL,
    name {key} NOT NULL,
    next_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);
