-- The store of one office. Three sorts of tables: the ledger, the views that
-- are made from it alone (tongbao-node --rebuild gives identical ones), and
-- what no envelope tells: links, people, alarm runs. No default calls anything;
-- whatever is drawn or read from a clock comes in with the event.

-- What this store is: 'office', and nothing else that may change.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------- the ledger

-- Every envelope, own and received, append-only, as it came. Only the personal
-- part stands apart, since it can be destroyed (I11) or arrive later.
CREATE TABLE ledger (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL,
    personal BLOB,               -- NULL: none here
    destroyed INTEGER NOT NULL,  -- 1: the personal part was destroyed, for good
    origin INTEGER NOT NULL,
    world INTEGER NOT NULL,      -- 0: of a broker, in no world
    kind INTEGER NOT NULL,       -- enum tb_kind
    own INTEGER NOT NULL,        -- 1: signed by this office
    issued_ms INTEGER NOT NULL,  -- as the origin claims
    at_ms INTEGER NOT NULL,      -- when it was stored here
    broker TEXT,                 -- by whose link it came; NULL: made here
    admitted_ms INTEGER NOT NULL, -- by that broker's word; 0: made here
    mark INTEGER NOT NULL        -- enum tb_mark
) STRICT;
CREATE INDEX ledger_own ON ledger (own, n);

-- What the stream shows that no envelope tells: a park, a new chain, a
-- directory, a time limit that passed. after_n is the last row of the ledger then, so that a rebuild puts
-- each back in its place.
CREATE TABLE happening (
    h INTEGER PRIMARY KEY,
    after_n INTEGER NOT NULL,
    kind INTEGER NOT NULL,       -- enum tb_stream_kind
    id BLOB NOT NULL,            -- empty: none
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX happening_id ON happening (kind, id, h);

-- -------------------------------------------------------------- the views

CREATE TABLE notice (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    world INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    grade INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    own INTEGER NOT NULL,
    incident BLOB NOT NULL,
    regards BLOB NOT NULL,  -- empty: nothing
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    river TEXT NOT NULL,
    issued_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    void INTEGER NOT NULL,     -- 1: what it continues came and is another office's
    answered INTEGER NOT NULL  -- 1: this office has acknowledged it
) STRICT;
CREATE INDEX notice_number ON notice (number, n);
CREATE INDEX notice_incident ON notice (incident, n);
CREATE INDEX notice_regards ON notice (regards, n);
CREATE INDEX notice_own ON notice (own, world, issued_ms, n);
CREATE INDEX notice_waiting ON notice (n)
    WHERE world = 1 AND own = 0 AND void = 0 AND answered = 0;

-- Whom an envelope is owed to: every kind but receipts.
CREATE TABLE recipient (
    n INTEGER NOT NULL,
    office INTEGER NOT NULL,
    required INTEGER NOT NULL,
    clause TEXT NOT NULL,
    hops INTEGER NOT NULL,
    river TEXT NOT NULL,
    nth INTEGER NOT NULL,
    outside INTEGER NOT NULL,  -- 1: in no directory the origin trusted then
    widened INTEGER NOT NULL,  -- 1: by a broker, not by the origin
    PRIMARY KEY (n, office)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_office ON recipient (office, n);

-- Envelopes whose recipients' receipts are not all here: own ones and, at a
-- province, its offices'. So that nobody has to look through the whole ledger.
CREATE TABLE owed (
    n INTEGER PRIMARY KEY,
    own INTEGER NOT NULL
) STRICT;
CREATE INDEX owed_own ON owed (own, n);

-- May be here before the envelope that it names, as the next four may.
CREATE TABLE receipt (
    id BLOB NOT NULL,
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    stored_ms INTEGER NOT NULL,
    n INTEGER NOT NULL,
    directory_version INTEGER NOT NULL,  -- that its head names: the policy of its clocks
    PRIMARY KEY (id, office, world)
) STRICT, WITHOUT ROWID;

CREATE TABLE acknowledgement (
    n INTEGER PRIMARY KEY,
    notice BLOB NOT NULL,
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    level INTEGER NOT NULL,
    officer TEXT NOT NULL,
    officer_number TEXT NOT NULL,
    note TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX acknowledgement_notice ON acknowledgement (notice, office, n);

CREATE TABLE call (
    n INTEGER PRIMARY KEY,
    notice BLOB NOT NULL,
    by INTEGER NOT NULL,
    world INTEGER NOT NULL,
    office INTEGER NOT NULL,
    person TEXT NOT NULL,
    phone TEXT NOT NULL,
    caller TEXT NOT NULL,
    claimed_ms INTEGER NOT NULL,
    entered_ms INTEGER NOT NULL,
    read_back INTEGER NOT NULL,
    result TEXT NOT NULL
) STRICT;
CREATE INDEX call_notice ON call (notice, n);

CREATE TABLE objection (
    n INTEGER PRIMARY KEY,
    envelope BLOB NOT NULL,
    office INTEGER NOT NULL,  -- who objects
    world INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    reason INTEGER NOT NULL
) STRICT;
CREATE INDEX objection_envelope ON objection (envelope, office, n);

CREATE TABLE widening (
    n INTEGER PRIMARY KEY,
    envelope BLOB NOT NULL,
    office INTEGER NOT NULL,
    clause TEXT NOT NULL,
    hops INTEGER NOT NULL,
    river TEXT NOT NULL
) STRICT;
CREATE INDEX widening_envelope ON widening (envelope, n);

-- What clocks go by; the clocks themselves are nowhere (I9). Of each notice:
CREATE TABLE grading (
    n INTEGER PRIMARY KEY,
    occurred_ms INTEGER NOT NULL,  -- 0: not said, as the next two
    known_ms INTEGER NOT NULL,
    graded_ms INTEGER NOT NULL,
    sensitive INTEGER NOT NULL,
    article4 INTEGER NOT NULL,     -- 1: any of the six conditions
    written INTEGER NOT NULL,      -- 1: names all that Order 17 Art. 14 asks
    directory_version INTEGER NOT NULL,
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL
) STRICT;

-- Each incident, and its newest notice here.
CREATE TABLE incident (
    incident BLOB NOT NULL,
    world INTEGER NOT NULL,
    last_n INTEGER NOT NULL,
    PRIMARY KEY (incident, world)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_last ON incident (last_n);

CREATE TABLE disclosure (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    notice BLOB NOT NULL,
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    measure INTEGER NOT NULL,
    counts INTEGER NOT NULL,      -- 1: published or updated, with evidence
    said_ms INTEGER NOT NULL,
    entered_ms INTEGER NOT NULL,
    directory_version INTEGER NOT NULL,
    text TEXT NOT NULL            -- what the stream says of it
) STRICT;
CREATE INDEX disclosure_notice ON disclosure (notice, n);

CREATE TABLE deed (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    notice BLOB NOT NULL,
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    duty INTEGER NOT NULL,
    counts INTEGER NOT NULL,      -- 1: with evidence
    said_ms INTEGER NOT NULL,
    entered_ms INTEGER NOT NULL,
    directory_version INTEGER NOT NULL,
    text TEXT NOT NULL            -- what the stream says of it
) STRICT;
CREATE INDEX deed_notice ON deed (notice, n);

-- The place of every chained envelope; two with one place are a fork.
CREATE TABLE chain (
    n INTEGER PRIMARY KEY,
    origin INTEGER NOT NULL,
    world INTEGER NOT NULL,
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    nth INTEGER NOT NULL  -- of this office's entry; 0: it is not addressed
) STRICT;
CREATE INDEX chain_place ON chain (origin, world, chain, seq, n);
CREATE INDEX chain_nth ON chain (origin, world, chain, nth, n);

-- What this office was shown, in order, each once (I2).
CREATE TABLE stream (
    k INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    id BLOB NOT NULL,       -- of the statement that is shown; empty: none
    subject BLOB NOT NULL,  -- of what it is about; empty for a happening
    office INTEGER NOT NULL,
    world INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX stream_once ON stream (kind, id, subject) WHERE subject <> x'';

-- --------------------------------------------------- chains of this store

-- One current chain a world; former ones are kept, so that a broker that names
-- one of them tells nothing new.
CREATE TABLE own_chain (
    chain BLOB NOT NULL PRIMARY KEY,
    world INTEGER NOT NULL,
    current INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,      -- id of the last; empty: none yet
    continues BLOB NOT NULL  -- last head of the former chain; empty: not known
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX own_chain_current ON own_chain (world) WHERE current = 1;

-- How many entries each office has had in a chain: the last nth.
CREATE TABLE own_nth (
    chain BLOB NOT NULL,
    office INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    PRIMARY KEY (chain, office)
) STRICT, WITHOUT ROWID;

-- Own envelopes that a later one names and that are not here, since this store
-- was rolled back: asked for at every greeting until they have come.
CREATE TABLE lacking (
    id BLOB NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------ links

-- All versions that came, and the other one where a version exists twice.
CREATE TABLE directory (
    prefix INTEGER NOT NULL,
    version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes BLOB NOT NULL,
    clash INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (prefix, version, digest)
) STRICT;

-- Per broker: its epoch, the last it accepted from here, its clock.
CREATE TABLE link (
    broker TEXT NOT NULL PRIMARY KEY,
    epoch BLOB,
    position INTEGER NOT NULL,
    position_id BLOB,
    since_ms INTEGER NOT NULL,
    skew_ms INTEGER NOT NULL,
    repairing INTEGER NOT NULL  -- 1: it asked for a repair that was not listed to the end
) STRICT, WITHOUT ROWID;

-- The truth about what was read, committed with the envelopes.
CREATE TABLE cursor (
    broker TEXT NOT NULL,
    lane INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (broker, lane)
) STRICT, WITHOUT ROWID;

-- What is to be offered to which broker: own envelopes, and in a repair any.
CREATE TABLE offer (
    n INTEGER NOT NULL,
    broker TEXT NOT NULL,
    lane INTEGER NOT NULL,
    state INTEGER NOT NULL,   -- enum tb_offer_state
    status INTEGER NOT NULL,  -- of the last answer
    repair INTEGER NOT NULL,  -- 0: not in a repair; else how often it was offered in one
    at_ms INTEGER NOT NULL,   -- of the last change
    PRIMARY KEY (n, broker)
) STRICT, WITHOUT ROWID;
CREATE INDEX offer_due ON offer (broker, state, lane, n);
CREATE INDEX offer_open ON offer (state, broker, n);
CREATE INDEX offer_waiting ON offer (n) WHERE state IN (0, 3);

-- In whose mailbox a broker says it put an envelope, and whose was full.
CREATE TABLE filed (
    n INTEGER NOT NULL,
    office INTEGER NOT NULL,
    broker TEXT NOT NULL,
    full INTEGER NOT NULL,
    PRIMARY KEY (n, office, broker)
) STRICT, WITHOUT ROWID;

-- Envelopes that cannot be judged yet. Past the bound only broker and id are
-- kept, and the bytes are fetched again. The id does not cover the signature, so
-- two brokers may bring different bytes under one id, and both are kept.
CREATE TABLE parked (
    k INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    broker TEXT NOT NULL,
    origin INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    bytes BLOB,
    admitted_ms INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (id, broker)
) STRICT;
CREATE INDEX parked_full ON parked (length(bytes)) WHERE bytes IS NOT NULL;
CREATE INDEX parked_empty ON parked (broker, k) WHERE bytes IS NULL;

-- Ids whose signature held and that were refused: objected to once.
CREATE TABLE refused (
    k INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    reason INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

-- ----------------------------------------------------------------- people

CREATE TABLE officer (
    name TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    password TEXT,            -- libsodium's text form; NULL: cannot log in
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A duty session. Only the hash of its token is here; the salt lets the office's
-- key make the token again for a repeated request.
CREATE TABLE session (
    token BLOB NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL,
    officer TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    closed_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_officer ON session (officer, until_ms, token);

-- The answers that were given, by request id, kept for 30 days.
CREATE TABLE request (
    id TEXT NOT NULL PRIMARY KEY,
    verb INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL,   -- empty: none was made
    number TEXT NOT NULL,
    salt BLOB NOT NULL,       -- of the session it opened; empty: none
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX request_at ON request (at_ms, id);

-- Alarm runs: when, for how many, and how the command ended.
CREATE TABLE alarm (
    run INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    id BLOB NOT NULL,         -- the newest notice
    exit INTEGER              -- NULL: not ended yet
) STRICT;
