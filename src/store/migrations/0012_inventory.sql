-- What was found before anybody decided anything, and how far it was looked at.
CREATE TABLE inventory (
    tenant {key} NOT NULL,
    id {key} NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE TABLE import (
    tenant {key} PRIMARY KEY,
    body TEXT NOT NULL
);
