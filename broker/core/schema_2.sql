-- The second version of a broker's store.

-- Of which envelopes the origin has destroyed the personal part (I11): what comes of it
-- later is filed without. Goes with the statement that said so.
CREATE TABLE destroyed (
    id          BLOB NOT NULL,
    origin      INTEGER NOT NULL, -- who said it: it holds for an envelope of that office
    statement_n INTEGER NOT NULL,
    PRIMARY KEY (id, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX destroyed_statement ON destroyed (statement_n);
