#include "store/schema.h"

/* Small pages: a check-in changes three of them (row, ticket, head), and each is written twice,
 * once to the write-ahead log and later to the file. A row is at most 400 bytes. */
const char log_schema_file[] = "PRAGMA page_size=1024;";

#define CHAIN_TABLE                                                                                \
	"CREATE TABLE chain (number INTEGER PRIMARY KEY, device BLOB NOT NULL,"                    \
	" epoch INTEGER NOT NULL, UNIQUE (device, epoch)) STRICT;"

#define ENTRY_TABLE                                                                                \
	"CREATE TABLE entry (id INTEGER PRIMARY KEY,"                                              \
	" device BLOB NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,"                     \
	" hlc INTEGER NOT NULL, boot BLOB NOT NULL,"                                               \
	" wall_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, trust INTEGER NOT NULL,"             \
	" kind INTEGER NOT NULL, source INTEGER NOT NULL, verdict INTEGER NOT NULL,"               \
	" direction INTEGER NOT NULL, time_doubt INTEGER NOT NULL, overridden INTEGER NOT NULL,"   \
	" registered INTEGER NOT NULL,"                                                            \
	" ticket BLOB, venue TEXT NOT NULL, door TEXT NOT NULL, from_venue TEXT NOT NULL,"         \
	" operator TEXT NOT NULL, amount INTEGER NOT NULL, undoes INTEGER,"                        \
	" before BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"                                       \
	"CREATE INDEX by_ticket ON entry (ticket, hlc)"                                            \
	" WHERE ticket IS NOT NULL AND direction <> 0 AND kind <> 4;"

/* `id` is chain * 2^40 + seq: the rows of a chain lie together, a new one goes to the end of the
 * last page, and no second index has to say that a number comes once. `chain` has one row for each
 * opening that has written, numbered from 1. `by_ticket` holds only what counts somebody in or out;
 * `by_undone` makes a second undo of a row impossible. `head` is the newest row with the figures
 * that follow from it, changed in the transaction that adds the row: rows cut off the end are
 * missed. */
const char log_schema_tables[] =
	"PRAGMA application_id=0x5072764c;"
	"PRAGMA user_version=2;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;" CHAIN_TABLE
		ENTRY_TABLE
	"CREATE UNIQUE INDEX by_undone ON entry (device, epoch, undoes) WHERE undoes IS NOT NULL;"
	"CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry"
	" BEGIN SELECT RAISE(ABORT, 'rows of the log are never changed'); END;"
	"CREATE TRIGGER entry_is_not_removed BEFORE DELETE ON entry"
	" BEGIN SELECT RAISE(ABORT, 'rows of the log are never removed'); END;"
	"CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1),"
	" seq INTEGER NOT NULL, hash BLOB NOT NULL, venue TEXT NOT NULL,"
	" entries INTEGER NOT NULL, exits INTEGER NOT NULL, present INTEGER NOT NULL,"
	" refused INTEGER NOT NULL, registered_in INTEGER NOT NULL,"
	" chain INTEGER NOT NULL) STRICT;";

/* A log of version 1 had one chain, which meta told. */
const char log_schema_from_1[] =
	CHAIN_TABLE "INSERT INTO chain SELECT c.value, d.value, e.value FROM meta c, meta d, meta e"
		    " WHERE c.key = 'chain' AND d.key = 'device' AND e.key = 'epoch'"
		    " AND EXISTS (SELECT 1 FROM entry);"
		    "DELETE FROM meta WHERE key IN ('chain', 'epoch');"
		    "ALTER TABLE head ADD COLUMN chain INTEGER NOT NULL DEFAULT 1;"
		    "PRAGMA user_version=2;";

/* What is here comes in stretches of up to fifty rows and can be had again: fewer, larger pages. */
const char peers_schema_file[] = "PRAGMA page_size=4096;";

/* `entry` is as in the log, by the chain's number here. `signed` says after which rows somebody has
 * signed; `held` which numbers are here, as ranges apart from each other; `arrived` in which order
 * they came, for who follows. `safe` is of our own chains. */
const char peers_schema_tables[] =
	"PRAGMA application_id=0x50727666;"
	"PRAGMA user_version=1;"
	"CREATE TABLE chain (number INTEGER PRIMARY KEY, device BLOB NOT NULL,"
	" epoch INTEGER NOT NULL, key BLOB NOT NULL, UNIQUE (device, epoch)) STRICT;" ENTRY_TABLE
	"CREATE INDEX by_undone ON entry (device, epoch, undoes) WHERE undoes IS NOT NULL;"
	"CREATE TABLE signed (id INTEGER PRIMARY KEY, signature BLOB NOT NULL) STRICT;"
	"CREATE TABLE held (chain INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY (chain, first)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE arrived (number INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL) STRICT;"
	"CREATE TABLE safe (device BLOB NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, PRIMARY KEY (device, epoch, first)) STRICT, WITHOUT ROWID;";

/* A door reads three pages for a code; an import writes all of them. */
const char roster_schema_file[] = "PRAGMA page_size=8192;";

/* `id` is the first 63 bits of the hash: rows that are added in its order go to the end of the last
 * page, and no second index is needed to find one. `known`: somebody is registered under this code;
 * without it the row only revokes. */
const char roster_schema_tables[] =
	"PRAGMA application_id=0x50727652;"
	"PRAGMA user_version=2;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE ticket (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, venue TEXT NOT NULL, type TEXT NOT NULL,"
	" sealed BLOB, known INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;";

/* Read and written from beginning to end: large pages are fewer. */
const char people_schema_file[] = "PRAGMA page_size=16384;";

/* In the order of `hash`, which `id` counts: an import reads the old file and its own sorted rows
 * side by side and writes a new file from its beginning to its end. `secret` is what a weak code
 * was stretched to, which takes long enough to be kept. */
const char people_schema_tables[] =
	"PRAGMA application_id=0x50727650;"
	"PRAGMA user_version=1;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE person (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, code TEXT NOT NULL,"
	" name TEXT NOT NULL, email TEXT NOT NULL, type TEXT NOT NULL, venue TEXT NOT NULL,"
	" source TEXT NOT NULL, known INTEGER NOT NULL, revoked INTEGER NOT NULL,"
	" secret BLOB) STRICT;";
