-- Since format 2: which documents are versions of one article, and what they say in common.
CREATE TABLE versions (
    document TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    article TEXT NOT NULL,
    found_by TEXT NOT NULL,
    score REAL,
    sentences INTEGER NOT NULL,
    vector BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX versions_by_article ON versions (article);
CREATE TABLE statements (id INTEGER PRIMARY KEY AUTOINCREMENT, article TEXT NOT NULL);
CREATE INDEX statements_by_article ON statements (article);
CREATE TABLE stated (
    statement INTEGER NOT NULL REFERENCES statements (id) ON DELETE CASCADE,
    sentence INTEGER NOT NULL REFERENCES sentences (id) ON DELETE CASCADE,
    score REAL NOT NULL,
    PRIMARY KEY (statement, sentence)
) WITHOUT ROWID;
CREATE INDEX stated_by_sentence ON stated (sentence);
