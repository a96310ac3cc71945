-- When somebody was last here, so that whoever comes back knows for how long nobody was; and those gaps, until each account was told.
CREATE TABLE pulse (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE TABLE gap (
    since BIGINT PRIMARY KEY,
    until BIGINT NOT NULL,
    told BIGINT NOT NULL
);
