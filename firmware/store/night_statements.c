#include "store/night_statements.h"

#define SIGNED "1048576"
/* Whether c, which lost its number to e, is the better witnessed: signed, then the lower hash. */
#define BETTER                                                                                     \
	"(c.what & " SIGNED ") > (e.what & " SIGNED ") OR"                                         \
	" ((c.what & " SIGNED ") = (e.what & " SIGNED ") AND c.hash < e.hash)"

static const char *const texts[] = {
	[NIGHT_BEGIN] = "BEGIN IMMEDIATE",
	[NIGHT_COMMIT] = "COMMIT",
	[NIGHT_UNSETTLE] = "UPDATE meta SET value = 0 WHERE key = 'settled' AND value <> 0",
	[NIGHT_FIND_CHAIN] = "SELECT id FROM chain WHERE device = ?1 AND epoch = ?2",
	[NIGHT_ADD_CHAIN] = "INSERT INTO chain (device, epoch, promised) VALUES (?1, ?2, 0)",
	[NIGHT_SET_KEY] = "UPDATE chain SET key = ?2 WHERE id = ?1 AND key IS NULL",
	[NIGHT_FIND_PLACE] = "SELECT id FROM place WHERE venue = ?1 AND door = ?2"
			     " AND from_venue = ?3 AND operator = ?4 AND boot = ?5",
	[NIGHT_ADD_PLACE] = "INSERT INTO place (venue, door, from_venue, operator, boot)"
			    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[NIGHT_LOOK_PLACE] = "SELECT venue, door, from_venue, operator, boot FROM place"
			     " WHERE id = ?1",
	[NIGHT_ADD_ROW] = "INSERT INTO entry (" NIGHT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
	[NIGHT_LOOK_ROWS] = "SELECT id, what, hash FROM entry WHERE id BETWEEN ?1 AND ?2",
	[NIGHT_SIGN_ROW] = "UPDATE entry SET what = what | " SIGNED " WHERE id = ?1",
	[NIGHT_DROP_ROW] = "DELETE FROM entry WHERE id = ?1",
	[NIGHT_HELD_LEFT] = "SELECT first, last FROM held WHERE chain = ?1 AND first < ?2"
			    " ORDER BY first DESC LIMIT 1",
	[NIGHT_HELD_RIGHT] = "SELECT last FROM held WHERE chain = ?1 AND first = ?2",
	[NIGHT_HELD_DROP] = "DELETE FROM held WHERE chain = ?1 AND first = ?2",
	[NIGHT_HELD_PUT] = "INSERT INTO held VALUES (?1, ?2, ?3)"
			   " ON CONFLICT DO UPDATE SET last = excluded.last",
	[NIGHT_HELD_ALL] = "SELECT first, last FROM held WHERE chain = ?1 ORDER BY first",
	[NIGHT_SIGNATURE_PUT] = "INSERT INTO signature VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE"
				" SET signature = min(signature, excluded.signature)",
	[NIGHT_SIGNATURE_PRUNE] = "DELETE FROM signature WHERE id = ?1 AND hash = ?2",
	[NIGHT_OTHER_PUT] = "INSERT OR IGNORE INTO contradiction (" NIGHT_COLUMNS
			    ") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
	[NIGHT_OTHER_SIGN] = "UPDATE contradiction SET what = what | " SIGNED
			     " WHERE id = ?1 AND hash = ?2 AND NOT what & " SIGNED,
	[NIGHT_OTHER_BEST] = "SELECT c.hash FROM contradiction c, entry e"
			     " WHERE c.id = ?1 AND e.id = ?1 AND (" BETTER ")"
			     " ORDER BY c.what & " SIGNED " DESC, c.hash LIMIT 1",
	[NIGHT_OTHER_RISE] = "INSERT INTO entry (" NIGHT_COLUMNS ") SELECT " NIGHT_COLUMNS
			     " FROM contradiction WHERE id = ?1 AND hash = ?2",
	[NIGHT_OTHER_SINK] = "INSERT INTO contradiction (" NIGHT_COLUMNS ") SELECT " NIGHT_COLUMNS
			     " FROM entry WHERE id = ?1",
	[NIGHT_OTHER_DROP] = "DELETE FROM contradiction WHERE id = ?1 AND hash = ?2",
	[NIGHT_MARK] = "INSERT OR IGNORE INTO mark VALUES (?1, ?2)",
	[NIGHT_PROMISE] = "UPDATE chain SET promised = ?2 WHERE id = ?1 AND promised < ?2",
};
static_assert(ARRAY_LEN(texts) == NIGHT_STATEMENTS, "every statement needs its text");

int night_statement(struct night_sqlite *n, enum night_statement which, sqlite3_stmt **out)
{
	int error = 0;
	if (!n->statements[which])
		error = db_prepare(n->db, &n->statements[which], texts[which]);
	*out = n->statements[which];
	return error;
}
