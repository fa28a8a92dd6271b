-- The second version of an office's store: fewer pages a commit.
--
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
