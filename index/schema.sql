-- Offsets count code points of documents.text; vectors are little-endian float32 of unit length.
-- Ids of passages and sentences are never used twice, so a cache that lags behind points to nothing, never to another.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (uri TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    file_uri TEXT NOT NULL REFERENCES files (uri) ON DELETE CASCADE,
    source_uri TEXT NOT NULL,
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    article TEXT,
    text TEXT NOT NULL,
    content_hash TEXT NOT NULL
);
CREATE INDEX documents_by_file ON documents (file_uri);
CREATE INDEX documents_by_language ON documents (language);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    role TEXT NOT NULL,
    repetition_key TEXT,
    repeated INTEGER NOT NULL DEFAULT 0,
    vector BLOB
);
CREATE INDEX passages_by_document ON passages (document, start);
CREATE INDEX passages_by_repetition ON passages (repetition_key) WHERE repetition_key IS NOT NULL;
CREATE TABLE sentences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    role TEXT NOT NULL,
    vector BLOB
);
CREATE INDEX sentences_by_passage ON sentences (passage, start);
