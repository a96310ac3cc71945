-- Bodies go by our own key instead of GitHub's id: keys grow with time, so that what arrives together lies together, and
-- age needs no index of its own. With GitHub's ids each body touched another page of an index.
CREATE TABLE body (
    id {key} PRIMARY KEY,
    body {blob} NOT NULL
);
INSERT INTO body (id, body)
    SELECT delivery.id, delivery_body.body FROM delivery_body
    JOIN delivery ON delivery.delivery_id = delivery_body.delivery_id ORDER BY delivery.id;

CREATE TABLE body_part (
    id {key} NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    body {blob} NOT NULL,
    PRIMARY KEY (id, part)
);
INSERT INTO body_part (id, part, body)
    SELECT delivery.id, delivery_part.part, delivery_part.body FROM delivery_part
    JOIN delivery ON delivery.delivery_id = delivery_part.delivery_id;

DROP TABLE delivery_part;
DROP TABLE delivery_body;
