#!/bin/sh
# The morning after, as an organiser does it: sticks and copied data directories become one store,
# and what is missing or was changed is said.
. tests/fake/tap.sh

collect()
{
	"$PARVIS" collect --event "$DIR/n/event" "$@" >"$DIR/out" 2>"$DIR/err"
	status=$?
}

"$TOOLS/night_maker" "$DIR/n" 4 2000 7 >"$DIR/out" || not_ok "a night is made" "" "$DIR/out"

collect
says "without a source it says how" 2 err "name at least one source"
collect "$DIR/nothing"
says "a source that is not there is named" 3 err "nothing: No such file"
mkdir "$DIR/empty"
collect "$DIR/empty"
says "so is a folder without anything" 1 out "there is no log and no sealed copy in it"

collect "$DIR/n/sticks"
says "sticks are taken" 1 out "^[0-9]+ rows in the store; [0-9]+ new, 0 known$"
says "a damaged one is told" 1 out "numa-door-1.parvis-log: .*NOT as it was written"
says "which rows it lacks is told" 1 out "^missing: numa/door-1 \([0-9a-f]{8}\), epoch [0-9]+, rows [0-9]+ to [0-9]+$"
says "a box that nobody has is told" 1 out "^missing: ruche/door-1 \([0-9a-f]{8}\): nothing was ever heard of it$"

collect "$DIR/n/data"
says "data directories fill what was missing" 1 out "numa-door-1/log.db: [0-9]+ rows: [1-9][0-9]* new"
cp "$DIR/n/event/night.db" "$DIR/first.db"
collect "$DIR/n/data/numa-door-1" "$DIR/n/sticks" "$DIR/n/data" "$DIR/n/sticks"
says "again, nothing is new" 1 out "rows in the store; 0 new"
cmp -s "$DIR/first.db" "$DIR/n/event/night.db" && ok "and the store is the same to the byte" ||
	not_ok "and the store is the same to the byte" "it differs"

"$PARVIS" collect --event "$DIR/n/event" --store "$DIR/other.db" "$DIR/n/data" \
	"$DIR/n/sticks/numa-door-1.parvis-log" "$DIR/n/sticks" >"$DIR/out" 2>"$DIR/err"
cmp -s "$DIR/first.db" "$DIR/other.db" && ok "another order gives the same bytes" ||
	not_ok "another order gives the same bytes" "they differ" "$DIR/out" "$DIR/err"

# What a failing disk does to a name: the rest is taken, and it is told.
mkdir "$DIR/failing"
cp "$DIR/n/sticks/mairie-door-1.parvis-log" "$DIR/failing/z.parvis-log"
ln -s loop "$DIR/failing/loop"
collect "$DIR/failing"
says "what cannot be looked at is told" 1 out "! it cannot be looked at"
says "... and the rest is taken" 1 out "z.parvis-log: [0-9]+ rows"

# A pipe is not waited for; a folder far down is found, and one that a link leads back to is read
# once; a stick may have its names in capitals.
mkfifo "$DIR/pipe"
timeout 60 "$PARVIS" collect --event "$DIR/n/event" --store "$DIR/odd.db" "$DIR/pipe" >"$DIR/out" 2>"$DIR/err"
status=$?
says "a pipe is no source" 1 out "it is no log, no sealed copy and no store"
deep="$DIR/deep/a/b/c/d/e/with a
line"
mkdir -p "$deep"
cp -r "$DIR/n/data/numa-door-1" "$deep/"
ln -s .. "$DIR/deep/a/back"
collect --store "$DIR/odd.db" "$DIR/deep"
says "a log far down in a folder is found" 1 out "numa-door-1/log.db: [0-9]+ rows: [1-9]"
[ "$(grep -c 'log.db: ' "$DIR/out")" = 1 ] && ok "and read once" || not_ok "and read once" "" "$DIR/out"
cp "$DIR/n/sticks/mairie-door-1.parvis-log" "$DIR/CAPITALS.PARVIS-LOG"
collect --store "$DIR/odd.db" "$DIR/CAPITALS.PARVIS-LOG"
says "a sealed copy with its name in capitals" 1 out "CAPITALS.PARVIS-LOG: [0-9]+ rows: [1-9][0-9]* new"

# A data directory whose copying was broken off: what is there is read, what is not is told.
"$TOOLS/night_maker" "$DIR/big" 1 4000 3 >"$DIR/out"
big=$(ls -d "$DIR"/big/data/*)/log.db
rows=$(sqlite3 "$big" "SELECT seq FROM head")
mkdir "$DIR/off"
head -c $(($(wc -c <"$big") * 2 / 3)) "$big" >"$DIR/off/log.db"
"$PARVIS" collect --event "$DIR/big/event" "$DIR/off" >"$DIR/out" 2>"$DIR/err"
status=$?
says "of a log that was copied in part what is there is taken" 1 out \
	"log.db: [1-9][0-9]{2,} rows: [1-9][0-9]+ new, 0 known"
says "and what is not is told" 1 out "rows [0-9]+ to $rows: cannot be read"

# The address of a store is an argument, which everybody can read while the program waits for it.
for command in report attendance "open-data --out $DIR/package" "collect $DIR/n/data"; do
	python3 - "$PARVIS" "$DIR/n/event" $command >"$DIR/out" 2>"$DIR/err" <<'EOF'
import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0))
server.settimeout(30)
where = "postgresql://clara:geheim@127.0.0.1:%d/nuit" % server.getsockname()[1]
name, rest = sys.argv[3], sys.argv[4:]
child = subprocess.Popen([sys.argv[1], name, "--event", sys.argv[2], "--store", where] + rest)
try:
    client, _ = server.accept()
    print(open("/proc/%d/cmdline" % child.pid).read().replace("\0", " "))
finally:
    child.kill()
    child.wait()
EOF
	status=$?
	if grep -q 'clara:xxxxxx@' "$DIR/out"; then
		ok "no password in the list of processes: ${command%% *}"
	else
		not_ok "no password in the list of processes: ${command%% *}" "" "$DIR/out" "$DIR/err"
	fi
done

# A row that somebody has changed on a copied disk.
cp -r "$DIR/n/data/mairie-door-1" "$DIR/changed"
sqlite3 "$DIR/changed/log.db" "DROP TRIGGER entry_is_not_changed;
	UPDATE entry SET operator = 'x' WHERE id = (SELECT id FROM entry LIMIT 1 OFFSET 40)"
collect "$DIR/changed"
says "a changed row is found by its number" 1 out \
	"! mairie/door-1 \([0-9a-f]{8}\), epoch [0-9]+, row 41: its hash is not that of its values"
collect --json "$DIR/changed"
says "and in JSON" 1 out '"venue":"mairie","door":"door-1","epoch":[0-9]+,"first":41,"last":41,"flaw":"changed"'
[ "$(sqlite3 "$DIR/n/event/night.db" "SELECT count(*) FROM mark")" = 1 ] &&
	ok "the store keeps the mark" || not_ok "the store keeps the mark" ""

# A copy that ends early.
size=$(wc -c <"$DIR/n/sticks/mairie-door-1.parvis-log")
head -c $((size - 100)) "$DIR/n/sticks/mairie-door-1.parvis-log" >"$DIR/cut.parvis-log"
"$PARVIS" collect --event "$DIR/n/event" --store "$DIR/cut.db" "$DIR/cut.parvis-log" >"$DIR/out" 2>"$DIR/err"
status=$?
says "a copy that was cut off says so" 1 out "it ends within a part"

sed 's/^id = .*/id = noel/' "$DIR/n/event/event.ini" >"$DIR/event.ini"
mkdir "$DIR/noel"
cp -r "$DIR/event.ini" "$DIR/n/event/keys" "$DIR/noel/"
"$PARVIS" collect --event "$DIR/noel" "$DIR/n/sticks/mairie-door-1.parvis-log" >"$DIR/out" 2>"$DIR/err"
status=$?
says "another event's stick is refused in words" 1 out "it is of another event"
"$PARVIS" collect --event "$DIR/noel" --store "$DIR/other.db" "$DIR/n/data" >"$DIR/out" 2>"$DIR/err"
status=$?
says "so is another event's store" 3 err "it is the store of another event"
done_testing
