-- What follows the first MiB of a body, compressed, in parts of a MiB; only what cannot be compressed has any.
CREATE TABLE delivery_part (
    delivery_id {key} NOT NULL REFERENCES delivery_body (delivery_id) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    body {blob} NOT NULL,
    PRIMARY KEY (delivery_id, part)
);
