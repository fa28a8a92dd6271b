-- The store of a broker, version 1. Times are milliseconds since 1970 UTC.
-- Nothing here calls a function: what a row holds came in by the event.

-- What this store is: the broker's name.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The store's own past. Every start draws an epoch; what is given out in it is
-- given out by no other past. A copy that is put back does not know the epochs
-- that came after it, and ends those it knows where it ended itself.
CREATE TABLE epoch (
    k       INTEGER PRIMARY KEY,
    name    BLOB NOT NULL UNIQUE, -- 16 bytes
    first_n INTEGER NOT NULL      -- positions from here on, until the next epoch's
) STRICT;

-- How long this store has been served, in all, by the monotonic clock: the only
-- age that a wrong wall clock cannot give to what waits.
CREATE TABLE tally (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    ran_ms INTEGER NOT NULL
) STRICT;

-- What was admitted. `n` is the position that an office is told. AUTOINCREMENT,
-- because a plain rowid is given again after the highest was pruned, and one
-- position must never name two envelopes.
CREATE TABLE envelope (
    n           INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    bytes       BLOB NOT NULL,    -- as they came, without the personal part
    personal    BLOB,             -- NULL: none came yet; beside, so that it can go
    origin      INTEGER NOT NULL,
    world       INTEGER NOT NULL, -- enum tb_world
    kind        INTEGER NOT NULL, -- enum tb_kind
    key_id      BLOB NOT NULL,    -- of the signer: is it revoked by now?
    admitted_ms INTEGER NOT NULL, -- by the wall clock, for people
    -- By the tally: when it was admitted, when its last recipient had it (NULL: not yet).
    admitted_ran_ms INTEGER NOT NULL,
    stored_ran_ms   INTEGER
) STRICT;
CREATE INDEX envelope_stored ON envelope (stored_ran_ms, n) WHERE stored_ran_ms IS NOT NULL;
CREATE INDEX envelope_admitted ON envelope (admitted_ran_ms, n);

-- One row is one envelope owed to one office.
CREATE TABLE mailbox (
    office     INTEGER NOT NULL,
    lane       INTEGER NOT NULL, -- 1 actual notices, 2 everything else
    seq        INTEGER NOT NULL,
    envelope_n INTEGER NOT NULL,
    stored     INTEGER NOT NULL CHECK (stored IN (0, 1)),
    PRIMARY KEY (office, lane, seq)
) STRICT, WITHOUT ROWID;
-- An envelope is filed once per office; also finds the rows of an envelope.
CREATE UNIQUE INDEX mailbox_envelope ON mailbox (envelope_n, office);
CREATE INDEX mailbox_waiting ON mailbox (office, lane, seq) WHERE stored = 0;

-- The counters of a lane. They never go down and outlive every row.
CREATE TABLE lane (
    office      INTEGER NOT NULL,
    lane        INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    last_id     BLOB NOT NULL,    -- of the envelope at last_seq
    epoch_k     INTEGER NOT NULL, -- in which last_seq was given out
    claimed_seq INTEGER NOT NULL, -- the office said Stored up to here
    stored_seq  INTEGER NOT NULL, -- rows are marked up to here (in slices)
    pruned_seq  INTEGER NOT NULL, -- the highest that is no longer held
    waiting     INTEGER NOT NULL, -- rows not stored
    PRIMARY KEY (office, lane)
) STRICT, WITHOUT ROWID;

-- How far a lane had come at the end of each epoch in which it grew, but the last.
CREATE TABLE lane_epoch (
    office   INTEGER NOT NULL,
    lane     INTEGER NOT NULL,
    epoch_k  INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (office, lane, epoch_k)
) STRICT, WITHOUT ROWID;

-- The highest envelope seen of each chain of an office.
CREATE TABLE chain (
    office  INTEGER NOT NULL,
    world   INTEGER NOT NULL,
    chain   BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    id      BLOB NOT NULL,
    touched INTEGER NOT NULL, -- the position of that envelope: the newest is highest
    PRIMARY KEY (office, world, chain)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX chain_touched ON chain (office, touched);

-- The last that was accepted from each office: by it an office finds out that a
-- restored store lost its tail. Outlives the envelope.
-- Its own envelopes and those of others (in a repair) apart: an office may
-- remember either.
CREATE TABLE accepted (
    office   INTEGER NOT NULL,
    own      INTEGER NOT NULL CHECK (own IN (0, 1)),
    position INTEGER NOT NULL,
    id       BLOB NOT NULL,
    PRIMARY KEY (office, own)
) STRICT, WITHOUT ROWID;

-- Every version of every directory that was taken.
CREATE TABLE directory (
    prefix   INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    taken_ms INTEGER NOT NULL,
    PRIMARY KEY (prefix, version)
) STRICT;

-- What an office did not take, and why.
CREATE TABLE aside (
    envelope_n INTEGER NOT NULL,
    office     INTEGER NOT NULL,
    outcome    INTEGER NOT NULL, -- Objection.Outcome
    reason     INTEGER NOT NULL, -- enum tb_status
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (envelope_n, office)
) STRICT, WITHOUT ROWID;

-- For which offices the route of an envelope was widened, and the statement that
-- says so: one for each, however often the envelope is offered.
CREATE TABLE widened (
    envelope_n  INTEGER NOT NULL,
    office      INTEGER NOT NULL,
    statement_n INTEGER NOT NULL,
    told        INTEGER NOT NULL CHECK (told IN (0, 1)), -- 0: a mailbox had no room for it
    PRIMARY KEY (envelope_n, office)
) STRICT, WITHOUT ROWID;
CREATE INDEX widened_untold ON widened (envelope_n, office) WHERE told = 0;
