#!/bin/sh
# The rules of the door, on the whole program: full and overridden, out and in again, doors for
# both ways, from venue to venue, roster and revocation, windows of time, languages.
. tests/fake/tap.sh

mkdir "$DIR/event"
sed 's/^capacity = 200/capacity = 2/' assets/demo/event.ini >"$DIR/event/event.ini"
cat >"$DIR/roster.csv" <<EOF
code,name,type,venue
rosternuma0001,Ínnêr Ñame,Entrée libre,numa
rosterruche001,Bob,Entrée libre,laruche
rosterany00001,Chloé,Entrée libre,
EOF

# play NAME VENUE [OPTION...] with the script on standard input; the data directory is kept
# between plays of one name
play()
{
	name=$1 venue=$2
	shift 2
	cat >"$DIR/$name.script"
	"$KIOSK" --event "$DIR/event" --venue "$venue" --data "$DIR/$name.data" \
		--shots "$DIR/$name.shots" --script "$DIR/$name.script" --offscreen "$@" \
		>"$DIR/$name.out" 2>"$DIR/$name.err"
	status=$?
}

holds()
{
	if [ $status = 0 ]; then
		ok "$1"
	else
		not_ok "$1" "exit $status" "$DIR/$name.err" "$DIR/$name.out"
	fi
}

figure()
{
	"$PARVIS" headcount --data "$DIR/$1.data" --venue "$2" --json |
		sed "s/.*\"$3\": *\\(-*[0-9]*\\).*/\\1/"
}

"$PARVIS" roster import --event "$DIR/event" "$DIR/roster.csv" >"$DIR/import" 2>&1
is "the roster is imported" 0 $?

a=$(ticket rules0001 1 0) b=$(ticket rules0002 1 0) c=$(ticket rules0003 1 0)

play full numa <<EOF
code $a
wait ADMIT
code $b
wait ADMIT
code $c
wait FULL
expect present 2
expect lamp amber
tap Entrer ici quand même (bénévole)
expect screen pin
tap 1
tap 2
tap 3
tap 4
tap Valider
expect overridden 0
tap 2
tap 0
tap 1
tap 6
tap Valider
wait ADMIT
expect present 3
expect overridden 1
expect lamp green
EOF
holds "a full venue refuses, and a volunteer with the PIN lets in all the same"

play full numa --doorway exit <<EOF
at 21:00:00
code $a
wait EXIT
expect present 2
expect out 1
code $a
wait EXIT
expect present 2
code $b
wait EXIT
expect present 1
EOF
holds "a door out counts out, once"

play full numa <<EOF
at 21:10:00
code $a
wait READMIT
expect readmitted 1
expect present 2
code $a
wait ALREADY_IN
code $b
wait FULL
EOF
holds "who went out comes in again; who is in does not come in twice; full is full"

play both numa --doorway both <<EOF
at 19:00:00
code $a
wait ADMIT
at 19:00:20
code $a
wait ALREADY_IN
at 19:30:00
code $a
wait EXIT
expect present 0
at 20:00:00
code $a
wait READMIT
expect present 1
EOF
holds "at a door for both ways a ticket goes out and in again, but not at once"

play moved numa <<EOF
code $a
wait ADMIT
code rosterany00001
wait ADMIT
EOF
holds "at Numa"
play moved laruche <<EOF
at 20:30:00
code $a
wait MOVED
code rosterany00001
wait MOVED
expect moved_in 2
expect present 2
code rosternuma0001
wait WRONG_VENUE
code rosterruche001
wait ADMIT
EOF
holds "who comes from another venue is welcome, and counted as moved"
is "and counted out where they were" 0 "$(figure moved numa present)"
is "and in where they are" 3 "$(figure moved laruche present)"

sed 's/^reentry = yes/reentry = no/' "$DIR/event/event.ini" >"$DIR/ini" && mv "$DIR/ini" "$DIR/event/event.ini"
play noreentry numa --doorway both <<EOF
code $a
wait ADMIT
at 19:30:00
code $a
wait EXIT
at 19:40:00
code $a
wait ALREADY_IN
expect present 0
EOF
holds "where nobody comes back in, nobody does"

"$PARVIS" roster revoke --event "$DIR/event" rosternuma0001 "$a" >"$DIR/revoke" 2>&1
is "tickets are revoked" 0 $?
play revoked numa <<EOF
code rosternuma0001
wait REVOKED
code $a
wait REVOKED
expect lamp red
expect present 0
EOF
holds "a revoked ticket is refused, on the roster or signed"

opens=1481220000
play window numa <<EOF
at 19:00:00
code $(ticket early0001 1 0 $((opens + 3600)) 0)
wait NOT_YET
code $(ticket late00001 1 0 0 $((opens - 3600)))
wait EXPIRED
code $(ticket justright 1 0 $((opens - 3600)) $((opens + 3600)))
wait ADMIT
code $(ticket elsewhere 1 99)
wait WRONG_VENUE
code $(ticket whatisit1 77 0)
wait UNKNOWN
EOF
holds "windows of time, venues and types that are not of this event"

play language numa <<EOF
tap English
tap Help
expect screen help
at 19:05:00
tap Aide
expect screen help
press volunteer
expect screen pin
EOF
holds "the language goes back to the house's with the next guest"

done_testing
