-- The second version of an office's store: what a lost disk gets back, personal data
-- that was destroyed, and fewer pages a commit.

-- An office asks back what it lost, or its province says what it gave back.
CREATE TABLE recall (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    office INTEGER NOT NULL,   -- who says it
    own INTEGER NOT NULL,
    issued_ms INTEGER NOT NULL,
    answers BLOB NOT NULL,     -- empty: it asks
    given_own INTEGER NOT NULL,
    given_addressed INTEGER NOT NULL,
    given_refused INTEGER NOT NULL
) STRICT;
CREATE INDEX recall_answers ON recall (answers, n);

-- From where on a broker held everything for this office, by what it delivered to this
-- store and what it said was gone.
CREATE TABLE horizon (
    broker TEXT NOT NULL,
    lane INTEGER NOT NULL,
    before_seq INTEGER NOT NULL, -- what stood below is no longer held there; 0: all is
    since_ms INTEGER NOT NULL,   -- when it admitted the first from there on; 0: none came
    PRIMARY KEY (broker, lane)
) STRICT, WITHOUT ROWID;

-- At a province: what is being given back to an office that asked, and how far.
CREATE TABLE giving (
    office INTEGER NOT NULL PRIMARY KEY,
    recall BLOB NOT NULL,
    done_n INTEGER NOT NULL,     -- ledger rows up to here are given
    upto_n INTEGER NOT NULL,     -- the last of them
    own INTEGER NOT NULL,        -- the counts of the answer
    addressed INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    tries INTEGER NOT NULL,      -- of the next batch: the mailbox had no room
    again BLOB NOT NULL          -- a Recall that came meanwhile; empty: none
) STRICT;
CREATE INDEX giving_turn ON giving (tries, office);

-- issued_at of what names it; 0: a broker, as a head.
ALTER TABLE lacking ADD COLUMN named_ms INTEGER NOT NULL DEFAULT 0;

-- The personal part of a notice was destroyed, here or everywhere (I11): a view.
CREATE TABLE destruction (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    notice BLOB NOT NULL,
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    text TEXT NOT NULL  -- the reason
) STRICT;
CREATE INDEX destruction_notice ON destruction (notice, n);

-- Who has read a personal part, and when; the newest 10000.
CREATE TABLE personal_read (
    k INTEGER PRIMARY KEY,
    notice BLOB NOT NULL,
    officer TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

-- Each index is a page more that every notice writes and brings to the disk. Those
-- that no statement asks by go; those that are asked for few of their rows keep these.

DROP INDEX recipient_office;

-- Rows of others since the turn began are found by their number alone.
DROP INDEX ledger_own;

-- Numbers are counted of this office's own notices.
DROP INDEX notice_own;
CREATE INDEX notice_own ON notice (world, issued_ms, n) WHERE own = 1;

DROP INDEX notice_regards;
CREATE INDEX notice_regards ON notice (regards, n) WHERE regards <> x'';

-- Only what no broker has accepted yet is looked for.
DROP INDEX offer_open;
DROP INDEX offer_due;
CREATE INDEX offer_due ON offer (broker, state, lane, n) WHERE state IN (0, 3);
