/* The organiser's store in PostgreSQL: its tables, in migrations that are only ever added, and a
 * view for each question. Numbers are those of door/row.h and door/verdict.h. */
#include "store/night_pg.h"

static const char tables[] =
	"CREATE TABLE parvis.event (one boolean PRIMARY KEY CHECK (one), id text NOT NULL);"
	"CREATE TABLE parvis.verdict (number smallint PRIMARY KEY, word text NOT NULL,"
	" refuses boolean NOT NULL);"
	"CREATE TABLE parvis.chain (device bytea, epoch bigint, key bytea,"
	" promised bigint NOT NULL DEFAULT 0, PRIMARY KEY (device, epoch));"
	"CREATE TABLE parvis.entry (device bytea, epoch bigint, seq bigint, hlc bigint NOT NULL,"
	" boot bytea NOT NULL, wall_ms bigint NOT NULL, mono_ms bigint NOT NULL,"
	" trust smallint NOT NULL, kind smallint NOT NULL, source smallint NOT NULL,"
	" verdict smallint NOT NULL, direction smallint NOT NULL, time_doubt boolean NOT NULL,"
	" overridden boolean NOT NULL, registered boolean NOT NULL, ticket bytea,"
	" venue text NOT NULL, door text NOT NULL, from_venue text NOT NULL,"
	" operator text NOT NULL, amount bigint NOT NULL, undoes bigint, before bytea NOT NULL,"
	" hash bytea NOT NULL, signed boolean NOT NULL, PRIMARY KEY (device, epoch, seq));"
	"CREATE TABLE parvis.contradiction (LIKE parvis.entry,"
	" PRIMARY KEY (device, epoch, seq, hash));"
	"CREATE TABLE parvis.held (device bytea, epoch bigint, first bigint, last bigint NOT NULL,"
	" PRIMARY KEY (device, epoch, first));"
	"CREATE TABLE parvis.signature (device bytea, epoch bigint, seq bigint, hash bytea,"
	" signature bytea NOT NULL, PRIMARY KEY (device, epoch, seq, hash));"
	"CREATE TABLE parvis.mark (device bytea, epoch bigint, seq bigint, flaw smallint,"
	" PRIMARY KEY (device, epoch, seq, flaw));"
	"CREATE TABLE parvis.receipt (device bytea, epoch bigint, first bigint,"
	" last bigint NOT NULL, received_ms bigint NOT NULL, source text NOT NULL,"
	" PRIMARY KEY (device, epoch, first));";

/* What each row adds to the people present at a venue: its own, and for a guest who moved the one
 * that they came from. See door/headcount.h. */
static const char views[] =
	"CREATE VIEW parvis.effects AS"
	" SELECT venue, hlc, wall_ms, CASE kind WHEN 3 THEN amount WHEN 4 THEN -amount"
	"  ELSE CASE direction WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END END AS effect"
	" FROM parvis.entry UNION ALL"
	" SELECT from_venue, hlc, wall_ms, CASE WHEN kind = 4 THEN 1 ELSE -1 END"
	" FROM parvis.entry WHERE from_venue <> '' AND from_venue <> venue"
	"  AND (verdict = 3 OR kind = 4);"
	"CREATE VIEW parvis.counted AS SELECT e.* FROM parvis.entry e"
	" WHERE e.kind IN (1, 2) AND e.direction <> 0 AND NOT EXISTS (SELECT 1 FROM parvis.entry u"
	"  WHERE u.device = e.device AND u.epoch = e.epoch AND u.undoes = e.seq AND u.kind = 4);"
	/* How many came in, by venue. */
	"CREATE VIEW parvis.entries_by_venue AS SELECT venue, count(*) AS entries,"
	" count(*) FILTER (WHERE kind = 2) AS walk_ins, count(*) FILTER (WHERE verdict = 3) AS moved,"
	" count(*) FILTER (WHERE verdict = 2) AS came_back,"
	" count(*) FILTER (WHERE overridden) AS let_in_by_a_volunteer"
	" FROM parvis.entry WHERE kind IN (1, 2) AND direction = 1 GROUP BY venue;"
	/* How many are there now. */
	"CREATE VIEW parvis.present_by_venue AS SELECT venue, sum(effect)::bigint AS present"
	" FROM parvis.effects GROUP BY venue;"
	/* How many different people: tickets, and guests without one. */
	"CREATE VIEW parvis.people_by_venue AS SELECT venue,"
	" count(DISTINCT ticket) + count(*) FILTER (WHERE ticket IS NULL) AS people"
	" FROM parvis.counted WHERE direction = 1 GROUP BY venue;"
	"CREATE VIEW parvis.people AS SELECT"
	" count(DISTINCT ticket) + count(*) FILTER (WHERE ticket IS NULL) AS people"
	" FROM parvis.counted WHERE direction = 1;"
	"CREATE VIEW parvis.arrivals_by_ten_minutes AS SELECT venue,"
	" to_timestamp(wall_ms / 600000 * 600) AS at, count(*) AS entries"
	" FROM parvis.entry WHERE kind IN (1, 2) AND direction = 1 GROUP BY venue, 2;"
	"CREATE VIEW parvis.refusals_by_reason AS SELECT e.venue, v.word AS reason,"
	" count(*) AS refusals FROM parvis.entry e JOIN parvis.verdict v ON v.number = e.verdict"
	" WHERE v.refuses AND e.kind IN (1, 2) GROUP BY e.venue, v.word;"
	"CREATE VIEW parvis.moves AS SELECT from_venue, venue, count(*) AS guests"
	" FROM parvis.counted WHERE verdict = 3 AND from_venue <> '' GROUP BY from_venue, venue;"
	/* Tickets that came in twice by doors that could not talk: for a person to judge. */
	"CREATE VIEW parvis.pairs AS SELECT encode(ticket, 'hex') AS ticket, venue,"
	" first_door, to_timestamp(first_ms / 1000.0) AS first_at, door AS second_door,"
	" to_timestamp(wall_ms / 1000.0) AS second_at FROM (SELECT *,"
	" lag(direction) OVER w AS first_direction, lag(venue) OVER w AS first_venue,"
	" lag(door) OVER w AS first_door, lag(wall_ms) OVER w AS first_ms,"
	" lag(device) OVER w AS first_device, lag(epoch) OVER w AS first_epoch"
	" FROM parvis.counted WHERE ticket IS NOT NULL"
	" WINDOW w AS (PARTITION BY ticket ORDER BY hlc, device, epoch, seq)) t"
	" WHERE direction = 1 AND first_direction = 1 AND first_venue = venue"
	" AND verdict IN (1, 2) AND NOT overridden AND (first_device, first_epoch) <> (device, epoch);"
	/* The boxes, with their last word. */
	"CREATE VIEW parvis.boxes AS SELECT encode(e.device, 'hex') AS device,"
	" (array_agg(e.venue ORDER BY e.hlc DESC))[1] AS venue,"
	" (array_agg(e.door ORDER BY e.hlc DESC))[1] AS door, count(*) AS rows,"
	" count(DISTINCT e.epoch) AS starts, bool_and(e.signed) AS all_signed,"
	" to_timestamp(max(e.hlc >> 16) / 1000.0) AS last_row,"
	" (SELECT to_timestamp(max(r.received_ms) / 1000.0) FROM parvis.receipt r"
	"  WHERE r.device = e.device) AS last_received FROM parvis.entry e GROUP BY e.device;"
	/* Numbers that are not there although later ones are, or were promised. */
	"CREATE VIEW parvis.gaps AS SELECT encode(device, 'hex') AS device, epoch,"
	" first_missing, last_missing FROM (SELECT c.device, c.epoch,"
	" coalesce(lag(h.last) OVER w, 0) + 1 AS first_missing, h.first - 1 AS last_missing"
	" FROM parvis.chain c JOIN parvis.held h USING (device, epoch)"
	" WINDOW w AS (PARTITION BY c.device, c.epoch ORDER BY h.first)"
	" UNION ALL SELECT c.device, c.epoch, coalesce(max(h.last), 0) + 1, c.promised"
	" FROM parvis.chain c LEFT JOIN parvis.held h USING (device, epoch)"
	" GROUP BY c.device, c.epoch, c.promised) g WHERE first_missing <= last_missing;"
	/* Boxes whose clock cannot be believed: unset, never confirmed, or far behind what they had
	 * heard from others. */
	"CREATE VIEW parvis.clock_doubts AS SELECT encode(device, 'hex') AS device,"
	" count(*) FILTER (WHERE trust = 0) AS rows_with_clock_unset,"
	" count(*) FILTER (WHERE trust = 1) AS rows_with_clock_unconfirmed,"
	" max((hlc >> 16) - wall_ms) AS most_behind_ms FROM parvis.entry GROUP BY device"
	" HAVING count(*) FILTER (WHERE trust <> 2) > 0 OR max((hlc >> 16) - wall_ms) > 60000;";

/* Each message's own signature, so that rows can be handed on: `signature` keeps the last of rows
 * that follow each other. */
static const char witnesses[] =
	"CREATE TABLE parvis.witness (device bytea, epoch bigint, seq bigint, hash bytea,"
	" signature bytea NOT NULL, PRIMARY KEY (device, epoch, seq, hash));";

const char *const night_pg_migrations[] = { tables, views, witnesses };
const int night_pg_migration_count = ARRAY_LEN(night_pg_migrations);

/* Of this connection alone. */
const char night_pg_session[] =
	"SET synchronous_commit = on;"
	"CREATE TEMP TABLE incoming (LIKE parvis.entry, key bytea, signature bytea)"
	" ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE stretch (device bytea, epoch bigint, first bigint, last bigint,"
	" before bytea, hash bytea, key bytea, signature bytea) ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE fresh (device bytea, epoch bigint, seq bigint) ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE island (device bytea, epoch bigint, first bigint, last bigint)"
	" ON COMMIT DELETE ROWS;"
	"CREATE TEMP TABLE better (LIKE parvis.entry) ON COMMIT DELETE ROWS;";

const char night_pg_all_new[] =
	"SELECT NOT EXISTS (SELECT 1 FROM stretch s JOIN parvis.held h USING (device, epoch)"
	" WHERE h.first <= s.last AND h.last >= s.first)"
	" AND NOT EXISTS (SELECT 1 FROM (SELECT first, lag(last) OVER (PARTITION BY device, epoch"
	"  ORDER BY first, last) AS before FROM stretch) t WHERE first <= before)";

/* What becomes of what was sent. Chains are locked in their order, so that collectors that have
 * the same at once wait for each other and never in a circle. */
const char *const night_pg_take[NIGHT_PG_STEPS] = {
	[NIGHT_PG_CHAINS] = "INSERT INTO parvis.chain (device, epoch)"
			    " SELECT DISTINCT device, epoch FROM stretch ORDER BY device, epoch"
			    " ON CONFLICT DO NOTHING",
	[NIGHT_PG_LOCK] = "SELECT 1 FROM parvis.chain WHERE (device, epoch) IN"
			  " (SELECT device, epoch FROM stretch) ORDER BY device, epoch FOR UPDATE",
	[NIGHT_PG_KEYS] = "UPDATE parvis.chain c SET key = s.key FROM stretch s"
			  " WHERE c.device = s.device AND c.epoch = s.epoch AND c.key IS NULL"
			  " AND s.key IS NOT NULL",
	[NIGHT_PG_WITNESSES] = "INSERT INTO parvis.witness SELECT device, epoch, last, hash,"
			       " signature FROM stretch WHERE signature IS NOT NULL"
			       " ON CONFLICT DO NOTHING",
	[NIGHT_PG_NEW_PRUNE] = "DELETE FROM parvis.signature g USING stretch s"
			       " WHERE s.key IS NOT NULL AND g.device = s.device"
			       " AND g.epoch = s.epoch AND g.seq = s.first - 1"
			       " AND g.hash = s.before",
	[NIGHT_PG_NEW_SIGNATURES] = "INSERT INTO parvis.signature SELECT device, epoch, last, hash,"
				    " signature FROM stretch WHERE signature IS NOT NULL"
				    " ON CONFLICT DO NOTHING",
	[NIGHT_PG_NEW_ISLANDS] =
		"INSERT INTO island SELECT device, epoch, min(first), max(last) FROM (SELECT *,"
		" sum(new) OVER (PARTITION BY device, epoch ORDER BY first) AS g FROM (SELECT *,"
		" CASE WHEN first = lag(last) OVER (PARTITION BY device, epoch ORDER BY first) + 1"
		" THEN 0 ELSE 1 END AS new FROM stretch) m) f GROUP BY device, epoch, g",
	[NIGHT_PG_ROWS] =
		"WITH taken AS (INSERT INTO parvis.entry SELECT DISTINCT ON (device, epoch, seq) " NIGHT_PG_COLUMNS
		" FROM incoming ORDER BY device, epoch, seq, signed DESC, hash"
		" ON CONFLICT DO NOTHING RETURNING device, epoch, seq)"
		" INSERT INTO fresh SELECT * FROM taken",
	[NIGHT_PG_SIGN] = "UPDATE parvis.entry e SET signed = true FROM incoming i"
			  " WHERE e.device = i.device AND e.epoch = i.epoch AND e.seq = i.seq"
			  " AND e.hash = i.hash AND i.signed AND NOT e.signed",
	[NIGHT_PG_OTHERS] =
		"INSERT INTO parvis.contradiction SELECT DISTINCT ON (i.device, i.epoch, i.seq, i.hash)"
		" i.device, i.epoch, i.seq, i.hlc, i.boot, i.wall_ms, i.mono_ms, i.trust, i.kind,"
		" i.source, i.verdict, i.direction, i.time_doubt, i.overridden, i.registered,"
		" i.ticket, i.venue, i.door, i.from_venue, i.operator, i.amount, i.undoes, i.before,"
		" i.hash, i.signed FROM incoming i JOIN parvis.entry e USING (device, epoch, seq)"
		" WHERE e.hash <> i.hash AND NOT EXISTS (SELECT 1 FROM parvis.contradiction c"
		"  WHERE c.device = i.device AND c.epoch = i.epoch AND c.seq = i.seq"
		"  AND c.hash = i.hash)"
		" ORDER BY i.device, i.epoch, i.seq, i.hash, i.signed DESC",
	[NIGHT_PG_OTHERS_SIGN] =
		"UPDATE parvis.contradiction c SET signed = true FROM incoming i"
		" WHERE c.device = i.device AND c.epoch = i.epoch AND c.seq = i.seq"
		" AND c.hash = i.hash AND i.signed AND NOT c.signed",
	[NIGHT_PG_BETTER] =
		"INSERT INTO better SELECT DISTINCT ON (c.device, c.epoch, c.seq) c.*"
		" FROM parvis.contradiction c JOIN parvis.entry e USING (device, epoch, seq)"
		" WHERE (c.device, c.epoch, c.seq) IN (SELECT device, epoch, seq FROM incoming)"
		" AND ((c.signed AND NOT e.signed) OR (c.signed = e.signed AND c.hash < e.hash))"
		" ORDER BY c.device, c.epoch, c.seq, c.signed DESC, c.hash",
	[NIGHT_PG_SINK] = "INSERT INTO parvis.contradiction SELECT e.* FROM parvis.entry e"
			  " WHERE (device, epoch, seq) IN (SELECT device, epoch, seq FROM better)",
	[NIGHT_PG_DROP] = "DELETE FROM parvis.entry"
			  " WHERE (device, epoch, seq) IN (SELECT device, epoch, seq FROM better)",
	[NIGHT_PG_RISE] = "INSERT INTO parvis.entry SELECT * FROM better",
	[NIGHT_PG_RISEN] = "DELETE FROM parvis.contradiction WHERE (device, epoch, seq, hash) IN"
			   " (SELECT device, epoch, seq, hash FROM better)",
	[NIGHT_PG_PRUNE] = "DELETE FROM parvis.signature s USING incoming i WHERE i.signed"
			   " AND s.device = i.device AND s.epoch = i.epoch AND s.seq = i.seq - 1"
			   " AND s.hash = i.before",
	[NIGHT_PG_SIGNATURES] = "INSERT INTO parvis.signature SELECT device, epoch, seq, hash,"
				" signature FROM incoming WHERE signature IS NOT NULL"
				" ON CONFLICT DO NOTHING",
	[NIGHT_PG_ISLANDS] =
		"INSERT INTO island SELECT device, epoch, min(seq), max(seq) FROM (SELECT *,"
		" seq - row_number() OVER (PARTITION BY device, epoch ORDER BY seq) AS g FROM fresh) f"
		" GROUP BY device, epoch, g",
	[NIGHT_PG_HELD] =
		"WITH beside AS (DELETE FROM parvis.held h USING island i WHERE h.device = i.device"
		"  AND h.epoch = i.epoch AND (h.last = i.first - 1 OR h.first = i.last + 1)"
		"  RETURNING h.device, h.epoch, h.first, h.last),"
		" every AS (SELECT * FROM island UNION SELECT * FROM beside),"
		" marked AS (SELECT *, CASE WHEN first = lag(last) OVER w + 1 THEN 0 ELSE 1 END AS new"
		"  FROM every WINDOW w AS (PARTITION BY device, epoch ORDER BY first)),"
		" grouped AS (SELECT *, sum(new) OVER (PARTITION BY device, epoch ORDER BY first) AS g"
		"  FROM marked)"
		" INSERT INTO parvis.held SELECT device, epoch, min(first), max(last) FROM grouped"
		" GROUP BY device, epoch, g",
};
