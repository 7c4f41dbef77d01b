#!/bin/sh
# Real engines, real faults: kiosks, a broker and a collector, any of which is killed with -9 again
# and again while guests come in. In the end every row is in the organiser's store exactly once, and
# all boxes have the same figures.
#
# The long form (PARVIS_LONG=1, as root): twelve kiosks in network namespaces of their own, behind
# links of 300 ms there and back, 5 % loss and 1 Mbit/s that are cut now and then; 2,000 check-ins
# each; then an outage of 2,000 more; with mosquitto and SQLite, and with a RabbitMQ cluster of three
# nodes and PostgreSQL, which is killed like the others. What an outage left has to be through in 60 s.
# ENGINES_SEED replays the order of the kills; ENGINES_KIOSKS, _CODES, _ROUNDS, _OUTAGE (seconds) and
# ENGINES choose.
. tests/fake/tap.sh
. tests/fake/servers.sh
. tests/fake/kiosks.sh
. tests/fake/links.sh
. tests/fake/rabbit.sh

if ! have_mosquitto; then
	skip "engines" "mosquitto is not installed"
	done_testing
fi
if ! command -v sqlite3 >/dev/null; then
	skip "engines" "sqlite3 is not installed"
	done_testing
fi
if ! "$PARVIS" collect --help | grep -q -- --broker; then
	skip "engines" "this parvis collects from no broker"
	done_testing
fi

kiosks=3 codes=100 rounds=10 address=127.0.0.1 engines=mosquitto
if [ -n "${PARVIS_LONG:-}" ]; then
	kiosks=12 codes=2000 rounds=100 engines="mosquitto rabbitmq"
	if make_links "$kiosks"; then
		address=$HUB_ADDRESS
	else
		skip "slow and broken links" "no network namespaces here"
	fi
fi
engines=${ENGINES:-$engines}
kiosks=${ENGINES_KIOSKS:-$kiosks} codes=${ENGINES_CODES:-$codes} rounds=${ENGINES_ROUNDS:-$rounds}
seed=${ENGINES_SEED:-$(date +%s)}
echo "# ENGINES_SEED=$seed, $kiosks kiosks, $codes check-ins each, $rounds kills"
KIOSK_WAIT=180
venues="numa liberte"

cp -r assets/demo "$EVENT"
sed -i 's/^capacity *=.*/capacity = 100000/' "$EVENT/event.ini"
for venue in $venues; do
	grep -q "^\[venue $venue\]" "$EVENT/event.ini" || { not_ok "the demo has $venue"; done_testing; }
done

# --- who takes part ---

names=""
for i in $(seq 1 "$kiosks"); do names="$names k$i"; done

# k3 -> the first venue, k4 -> the second
venue_of()
{
	set -- $venues "${1#k}"
	if [ $(($3 % 2)) = 1 ]; then echo "$1"; else echo "$2"; fi
}

run_one()
{
	KIOSK_IN=$(link_of "$1")
	# shellcheck disable=SC2046,SC2086 # one word an option
	start_kiosk "$1" --venue "$(venue_of "$1")" $(printf -- '--broker %s ' $urls)
	KIOSK_IN=
}

run_collector()
{
	# shellcheck disable=SC2046,SC2086
	$(hub) "$PARVIS" collect --event "$EVENT" $(printf -- '--broker %s ' $urls) --store "$store" --any-box \
		--json >>"$DIR/collector.out" 2>>"$DIR/collector.err" &
	echo $! >"$DIR/collector.pid"
	at_end "kill -KILL $! 2>/dev/null"
}

kill_collector()
{
	kill -KILL "$(cat "$DIR/collector.pid")" 2>/dev/null
	wait "$(cat "$DIR/collector.pid")" 2>/dev/null
}

answers_of()
{
	grep -c '"verdict"' "$DIR/$1/out" 2>/dev/null
}

# Tells a kiosk the codes up to number $2 that it has not answered yet.
feed()
{
	sed -n "$(($(answers_of "$1") + 1)),$2p" "$DIR/$1/codes" | sed 's/^/code /' >>"$DIR/$1/in"
}

# Waits until it has answered all up to number $2; one that has ended begins anew.
finish()
{
	for try in 1 2 3; do
		heard "$1" && return 0
		tail -2 "$DIR/$1/err" | sed "s/^/# $1: /"
		kill_kiosk "$1" 2>/dev/null
		run_one "$1"
		feed "$1" "$2"
	done
	return 1
}

# --- the engines ---

start_broker()
{
	if [ "$engine" = rabbitmq ]; then
		RABBIT_IN=$(hub)
		start_rabbitmq "$address" || return 1
		urls=$RABBIT_URLS
	else
		MOSQUITTO_ADDRESS=$address
		MOSQUITTO_IN=$(hub)
		start_mosquitto broker || return 1
		urls=mqtt://$address:$(server_port broker)
	fi
}

# Kills it, or one of its nodes while the others are well, and begins it anew.
break_broker()
{
	if [ "$engine" = rabbitmq ]; then
		node=r$((1 + round % 3))
		for other in $RABBIT_NODES; do await_rabbit "$other" || return 1; done
		kill_rabbit "$node"
		run_rabbit "$node"
	else
		kill_server broker
		start_mosquitto broker
	fi
}

stop_broker()
{
	if [ "$engine" = rabbitmq ]; then
		for node in $RABBIT_NODES; do kill_rabbit "$node"; done
	else
		kill_server broker
	fi
}

# --- the store ---

start_store()
{
	store=$DIR/night.db kinds="kiosk kiosk broker collector"
	[ "$engine" = rabbitmq ] || return 0
	if ! have_postgresql; then
		skip "$engine: the store is PostgreSQL" "PostgreSQL is not installed"
		return 0
	fi
	start_postgresql postgresql || return 1
	store=$POSTGRESQL_URL kinds="kiosk kiosk broker collector store"
}

break_store()
{
	kill_postgresql postgresql
	start_postgresql postgresql
}

is_postgresql()
{
	[ "$store" != "$DIR/night.db" ]
}

# device,epoch,seq,hash of every row
stored_rows()
{
	if is_postgresql; then
		query postgresql "SELECT encode(device, 'hex'), epoch, seq, encode(hash, 'hex') FROM parvis.entry"
	else
		sqlite3 -csv "$DIR/night.db" "SELECT device, epoch, seq, hash FROM night" | tr -d '\r'
	fi
}

stored_people()
{
	if is_postgresql; then
		query postgresql "SELECT people FROM parvis.people"
	else
		sqlite3 "$DIR/night.db" "SELECT count(DISTINCT ticket) FROM night WHERE verdict = 'ADMIT'"
	fi
}

# --- the night ---

night()
{
	run_collector
	for k in $names; do
		mkdir -p "$DIR/$k"
		"$TOOLS/tickets" "$k" "$codes" 1 0 >"$DIR/$k/codes"
		run_one "$k"
	done

	# The order of the kills: kind and place, from the seed alone.
	awk -v seed="$seed" -v rounds="$rounds" -v kiosks="$kiosks" -v kinds="$kinds" 'BEGIN {
		srand(seed)
		n = split(kinds, kind)
		for (i = 0; i < rounds; i++)
			print kind[1 + int(rand() * n)], "k" (1 + int(rand() * kiosks))
	}' >"$DIR/kills"

	begun=$(date +%s)
	round=0 kills=0 failed="" cut=""
	while read -r kind place; do
		round=$((round + 1))
		upto=$((codes * round / rounds))
		[ -z "$cut" ] || restore_link "$cut"
		cut=""
		for k in $names; do feed "$k" "$upto"; done
		case $kind in
		kiosk)
			kill_kiosk "$place"
			run_one "$place"
			feed "$place" "$upto"
			;;
		broker)
			break_broker
			;;
		collector)
			kill_collector
			run_collector
			;;
		store)
			break_store
			;;
		esac
		kills=$((kills + 1))
		# Every third time a link is cut as well, for as long as this round lasts.
		[ $((round % 3)) != 0 ] || { cut_link "$place" && cut=$place; }
		for k in $names; do finish "$k" "$upto" || failed="$failed $k"; done
	done <"$DIR/kills"
	[ -z "$cut" ] || restore_link "$cut"
	is "$engine: every kiosk has answered every guest, through $kills kills" "" "$failed"
	echo "# $(($(date +%s) - begun)) s for $((kiosks * codes)) check-ins and $kills kills"
}

# All links are cut, and the guests come in all the same; then the links are back.
outage()
{
	[ -n "$HUB" ] || return 1
	for k in $names; do cut_link "$k"; done
	cut_at=$(date +%s)
	told=$((2 * codes))
	for k in $names; do
		"$TOOLS/tickets" "out$k" "$codes" 1 0 >>"$DIR/$k/codes"
		feed "$k" $told &
		echo $! >>"$DIR/feeders"
	done
	while read -r feeder; do wait "$feeder"; done <"$DIR/feeders"
	failed=""
	for k in $names; do finish "$k" $told || failed="$failed $k"; done
	is "$engine: all doors went on without a link" "" "$failed"
	# As after hours: all have noticed, and wait as long as they ever do before they try again.
	for k in $names; do tells "$k" "wait link down 180s" || failed="$failed $k"; done
	left=$((cut_at + ${ENGINES_OUTAGE:-150} - $(date +%s)))
	[ $left -le 0 ] || sleep $left
	is "$engine: and know that it is gone" "" "$failed"
	begun=$(date +%s)
	for k in $names; do restore_link "$k"; done
	for k in $names; do tell "$k" "wait link up 120s" "say linked" "wait queued 0 300s" "say drained"; done
	for k in $names; do await "$k" linked || failed="$failed $k"; done
	linked=$(($(date +%s) - begun))
	for k in $names; do await "$k" drained || failed="$failed $k"; done
	took=$(($(date +%s) - begun))
	is "$engine: what they did comes through afterwards" "" "$failed"
	echo "# $((kiosks * codes)) rows of an outage drained in $took s over these links: all were connected after $linked s"
	if [ $took -le 60 ]; then
		ok "$engine: in 60 s"
	else
		not_ok "$engine: in 60 s" "it took $took s"
	fi
}

# --- the morning ---

morning()
{
	begun=$(date +%s)
	for k in $names; do
		if tells "$k" "wait link up 120s" "wait queued 0 300s"; then
			ok "$engine: everything of $k is with the collector"
		else
			not_ok "$engine: everything of $k is with the collector"
		fi
	done
	echo "# drained in $(($(date +%s) - begun)) s"

	for k in $names; do
		number=0
		for other in $names; do
			[ "$(venue_of "$k")" != "$(venue_of "$other")" ] || number=$((number + told))
		done
		if tells "$k" "wait present $number 120s" "expect pairs 0"; then
			ok "$k has the figures of its venue: $number present, no pair"
		else
			not_ok "$k has the figures of its venue: $number present, no pair"
		fi
	done
}

compare()
{
	for k in $names; do end_kiosk "$k"; done
	kill -TERM "$(cat "$DIR/collector.pid")"
	wait "$(cat "$DIR/collector.pid")"
	is "the collector ends when it is told to" 0 $?

	stored_rows | sort >"$DIR/stored"
	for k in $names; do
		"$PARVIS" log --csv --data "$DIR/$k/data" | tr -d '\r' | awk -F, '
			NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
			{ print $at["device"] "," $at["epoch"] "," $at["seq"] "," $at["hash"] }'
	done | sort >"$DIR/written"
	echo "# $(wc -l <"$DIR/written") rows were written, $(wc -l <"$DIR/stored") are in the store"
	is "$engine: no row is lost" "" "$(comm -23 "$DIR/written" "$DIR/stored" | head -5)"
	is "none is there that nobody wrote" "" "$(comm -13 "$DIR/written" "$DIR/stored" | head -5)"
	is "and none twice" "" "$(cut -d, -f1-3 "$DIR/stored" | uniq -d | head -5)"

	# What was green, by epoch and number.
	cat "$DIR"/k*/out | sed -n 's/.*"ADMIT".*"epoch":\([0-9]*\),"seq":\([0-9]*\).*/\1,\2/p' |
		sort >"$DIR/green"
	cut -d, -f2,3 "$DIR/stored" | sort >"$DIR/numbers"
	echo "# $(wc -l <"$DIR/green") times it was green"
	is "each that was green is in the store" "" "$(comm -23 "$DIR/green" "$DIR/numbers" | head -5)"

	for k in $names; do
		"$PARVIS" log --verify --data "$DIR/$k/data" >/dev/null || not_ok "the log of $k is whole"
	done
	is "$engine: people who came" "$((kiosks * told))" "$(stored_people)"
}

for engine in $engines; do
	if [ "$engine" = rabbitmq ] && ! have_rabbitmq; then
		skip "a RabbitMQ cluster" "RabbitMQ is not installed"
		continue
	fi
	told=$codes
	start_broker || { not_ok "$engine starts"; continue; }
	start_store || { not_ok "the store of $engine starts"; continue; }
	night
	morning
	if outage; then morning; fi
	compare
	stop_broker
	rm -rf "$DIR"/k[0-9]* "$DIR"/night.db* "$DIR/feeders"
done
[ -z "${ENGINES_KEEP:-}" ] || cp -r "$DIR" "$ENGINES_KEEP"
done_testing
