#!/bin/sh
# Who comes in at a broker and who may say what: mosquitto with the files that `parvis event broker`
# writes, clients with the certificates out of bundles, and a box that is shut out while it is
# connected.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

if ! command -v mosquitto >/dev/null || ! command -v mosquitto_pub >/dev/null; then
	skip "a broker over TLS" "there is no mosquitto"
	done_testing
fi

EVENT=$DIR/event
OUT=$DIR/broker
T=parvis/1/civictech-2016
demo_event "$EVENT"

# until_true COMMAND...: within 20 s.
until_true()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.1
	done
}

# provision VENUE: the parts of its bundle are $DIR/VENUE/{device.key,client.pem,ca.pem}
provision()
{
	"$PARVIS" kiosk provision --event "$EVENT" --venue "$1" --door main >"$DIR/out" 2>"$DIR/err" ||
		not_ok "provision $1" "$DIR/err"
	printf 'expect adopt ask\ntap Devenir cette porte\nat 19:00:10\ncode PARVIS-TEST\nwait TEST_OK\n' \
		>"$DIR/script"
	"$KIOSK" --data "$DIR/box-$1" --offscreen --script "$DIR/script" \
		--bundle "$EVENT/bundles/$1-main.parvis" >"$DIR/out" 2>"$DIR/err" ||
		not_ok "box $1" "$DIR/err"
	mkdir -p "$DIR/$1"
	cp "$DIR/box-$1/box/1/"*.pem "$DIR/$1"
}
device()
{
	grep " $1 main " "$EVENT/keys/boxes" | tail -1 | cut -d' ' -f1
}

# --- the files -----------------------------------------------------------------------------------

port=$("$TOOLS/port" free)
"$PARVIS" event broker --event "$EVENT" --host localhost --host 127.0.0.1 --port "$port" \
	--out "$OUT" >"$DIR/out" 2>"$DIR/err"
is "event broker" 0 $?
is "private keys are their owner's alone" "" "$(find "$EVENT/keys" "$OUT" \( -name '*.key' -o -name \
	collector.pem -o -name watcher.pem \) ! -perm 600)"
is "the broker's certificate is the authority's" 0 "$(openssl verify -CAfile "$OUT/ca.pem" \
	-purpose sslserver -verify_hostname localhost "$OUT/server.crt" >"$DIR/out" 2>&1; echo $?)"
is "and good for a clock that was never set" 0 "$(openssl verify -attime 1000000000 -CAfile "$OUT/ca.pem" \
	"$OUT/server.crt" >"$DIR/out" 2>&1; echo $?)"
is "for that host alone" 2 "$(openssl verify -CAfile "$OUT/ca.pem" -verify_hostname other.example \
	"$OUT/server.crt" >"$DIR/out" 2>&1; echo $?)"
cp "$EVENT/keys/authority.key" "$DIR/authority.key"
"$PARVIS" event broker --event "$EVENT" --host "no host" --out "$OUT" >"$DIR/out" 2>"$DIR/err"
is "that is no host" 1 $?
"$PARVIS" event broker --event "$EVENT" --out "$OUT" >"$DIR/out" 2>"$DIR/err"
is "a broker without a host is wrong use" 2 $?
is "the authority is made once" 0 "$(cmp "$EVENT/keys/authority.key" "$DIR/authority.key" >&2; echo $?)"

for venue in numa liberte; do provision $venue; done
numa=$(device numa) liberte=$(device liberte)
is "a box's certificate says who it is" "subject=O = civictech-2016, OU = numa, CN = $numa" \
	"$(openssl x509 -in "$DIR/numa/client.pem" -noout -subject)"
is "it is the authority's, for clients" 0 "$(openssl verify -CAfile "$DIR/numa/ca.pem" -purpose sslclient \
	"$DIR/numa/client.pem" >"$DIR/out" 2>&1; echo $?)"
is "no server's" 2 "$(openssl verify -CAfile "$DIR/numa/ca.pem" -purpose sslserver "$DIR/numa/client.pem" \
	>"$DIR/out" 2>&1; echo $?)"
is "on the box its key is the owner's alone" 600 "$(stat -c %a "$DIR/box-numa/box/1/client.pem")"
is "neither the issuing key nor the authority's is in a bundle" "" "$(grep -laF "$DEMO_SEED" "$EVENT/bundles/"*
	grep -laF "$(sed -n 2p "$EVENT/keys/authority.key")" "$EVENT/bundles/"*)"

# --- a broker ------------------------------------------------------------------------------------

# As root it would become the user mosquitto, who may not enter this test's directory.
sed '1i user root' "$OUT/mosquitto.conf" >"$OUT/test.conf"
mosquitto -c "$OUT/test.conf" >"$DIR/mosquitto.log" 2>&1 &
broker=$!
at_end "kill -9 $broker 2>/dev/null"
until_true grep -q "mosquitto version .* running" "$DIR/mosquitto.log" ||
	not_ok "mosquitto starts" "$DIR/mosquitto.log"

# as NAME PROGRAM ARGUMENT...: with the certificate of a box, the collector or the watcher.
as()
{
	who=$1 program=$2
	shift 2
	pem=$DIR/$who/client.pem
	[ -f "$pem" ] || pem=$OUT/$who.pem
	timeout 20 "$program" -h localhost -p "$port" -V 311 --cafile "$OUT/ca.pem" --cert "$pem" \
		--key "$pem" "$@"
}
# hears NAME TOPIC: listens until the end marker; what came is $DIR/NAME.heard.
hears()
{
	who=$1
	shift
	pem=$DIR/$who/client.pem
	[ -f "$pem" ] || pem=$OUT/$who.pem
	for topic; do set -- "$@" -t "$topic"; shift; done
	: >"$DIR/$who.heard"
	mosquitto_sub -h localhost -p "$port" -V 311 --cafile "$OUT/ca.pem" --cert "$pem" --key "$pem" \
		-d -v -q 1 "$@" >"$DIR/$who.heard" 2>&1 &
	at_end "kill -9 $! 2>/dev/null"
	last=$!
	until_true grep -q SUBACK "$DIR/$who.heard"
}

hears collector "$T/#"
hears watcher "$T/#"
hears liberte "$T/#"
as numa mosquitto_pub -q 1 -t "$T/d/$numa/state" -m numa-state
is "a box with its certificate comes in" 0 $?
until_true grep -q numa-state "$DIR/collector.heard"
is "and is heard" 0 $?

timeout 20 mosquitto_pub -h localhost -p "$port" --cafile "$OUT/ca.pem" -t "$T/x" -m stranger \
	>"$DIR/out" 2>&1
is "a stranger without one does not" "1" "$([ $? != 0 ] && echo 1)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$DIR/own.key" \
	-out "$DIR/own.crt" -subj "/O=civictech-2016/CN=$numa" -days 3 >/dev/null 2>&1
timeout 20 mosquitto_pub -h localhost -p "$port" --cafile "$OUT/ca.pem" --cert "$DIR/own.crt" \
	--key "$DIR/own.key" -t "$T/d/$numa/state" -m imitated >"$DIR/out" 2>&1
is "nor one who made it himself" "1" "$([ $? != 0 ] && echo 1)"
cp "$DIR/own.crt" "$DIR/other-ca.pem"
timeout 20 mosquitto_pub -h localhost -p "$port" --cafile "$DIR/other-ca.pem" --cert \
	"$DIR/numa/client.pem" --key "$DIR/numa/client.pem" -t "$T/x" -m x >"$DIR/out" 2>&1
is "and a box takes no other broker for the event's" "1" "$([ $? != 0 ] && echo 1)"

# What each may say: the last of each line is the message that proves itself.
as numa mosquitto_pub -q 1 -t "$T/d/$numa/ev" -m numa-own-ev
as numa mosquitto_pub -q 1 -t "$T/d/$liberte/ev" -m numa-as-liberte
as numa mosquitto_pub -q 1 -t "$T/v/numa/$numa" -m numa-own-have
as numa mosquitto_pub -q 1 -t "$T/v/numa/$liberte" -m numa-have-as-liberte
as numa mosquitto_pub -q 1 -t "$T/a/$numa" -m numa-acknowledges
as numa mosquitto_pub -q 1 -t "$T/fleet" -m numa-fleet
as numa mosquitto_pub -q 1 -t "parvis/1/other-event/d/$numa/ev" -m numa-elsewhere
as numa mosquitto_pub -q 1 -t "$T/d/$numa/more" -m numa-more
as watcher mosquitto_pub -q 1 -t "$T/d/watcher/ev" -m watcher-ev
as watcher mosquitto_pub -q 1 -t "$T/d/$numa/count" -m watcher-as-numa
as collector mosquitto_pub -q 1 -t "$T/a/$liberte" -m collector-to-liberte
as collector mosquitto_pub -q 1 -t "$T/a/$numa" -m collector-to-numa
as collector mosquitto_pub -q 1 -t "$T/d/$numa/ev" -m collector-as-numa
as collector mosquitto_pub -q 1 -t "$T/fleet" -m collector-fleet
as numa mosquitto_pub -q 1 -t "$T/d/$numa/count" -m end-marker
for who in collector watcher liberte; do
	until_true grep -q end-marker "$DIR/$who.heard" || not_ok "$who hears the end" "$DIR/$who.heard"
done
said()
{
	sed -n "s/^parvis.* \(numa-\|watcher-\|collector-\)/\1/p" "$DIR/$1.heard" | sort | tr '\n' ' '
}
is "each says what is its own alone, and the collector hears it all" \
	"collector-fleet collector-to-liberte collector-to-numa numa-own-ev numa-own-have numa-state " \
	"$(said collector)"
is "a box hears rows, what others have, and its own acknowledgements" \
	"collector-fleet collector-to-liberte numa-own-ev numa-own-have numa-state " "$(said liberte)"
is "the watcher hears figures and no row" "collector-fleet numa-state " "$(said watcher)"

# --- a stolen box --------------------------------------------------------------------------------

hears numa "$T/d/+/ev"
as liberte mosquitto_pub -q 1 -t "$T/d/$liberte/ev" -m before-the-theft
until_true grep -q before-the-theft "$DIR/numa.heard"
is "the box listens" 0 $?
"$PARVIS" kiosk revoke --event "$EVENT" numa/main >"$DIR/out" 2>"$DIR/err"
is "kiosk revoke" 0 $?
is "the list says since when" 1 "$(grep -c "^$numa numa main [0-9]* [^ ]* 20[0-9T:.-]*Z$" "$EVENT/keys/boxes")"
is "the broker's list has the certificate" 1 "$(openssl crl -in "$OUT/crl.pem" -noout -text |
	grep -c 'Serial Number')"
is "mosquitto is told" 1 "$(grep -c "its mosquitto reads it now" "$DIR/out")"
until_true grep -q "Reloading config" "$DIR/mosquitto.log"
as liberte mosquitto_pub -q 1 -t "$T/d/$liberte/ev" -m after-the-theft
until_true grep -q after-the-theft "$DIR/collector.heard"
is "while it is still connected it hears nothing more" "" "$(grep after-the-theft "$DIR/numa.heard")"
as numa mosquitto_pub -q 1 -t "$T/d/$numa/ev" -m stolen >"$DIR/out" 2>&1
status=$?
as liberte mosquitto_pub -q 1 -t "$T/d/$liberte/count" -m stolen-marker
until_true grep -q stolen-marker "$DIR/collector.heard"
is "it does not come in again, nor is it heard" "1 " "$([ $status != 0 ] && echo 1) $(grep 'ev stolen' \
	"$DIR/collector.heard")"
"$PARVIS" kiosk revoke --event "$EVENT" numa/main >"$DIR/out" 2>"$DIR/err"
is "who is shut out already is not found again" 1 $?
"$PARVIS" kiosk revoke --event "$EVENT" nowhere/main >"$DIR/out" 2>"$DIR/err"
is "nor a box that there is not" 1 $?

rm -rf "$DIR/numa" "$DIR/box-numa"
provision numa
again=$(device numa)
is "the door's next box is another device" "1" "$([ "$again" != "$numa" ] && echo 1)"
as numa mosquitto_pub -q 1 -t "$T/d/$again/count" -m replaced
until_true grep -q replaced "$DIR/collector.heard"
is "which comes in" 0 $?
"$PARVIS" kiosk revoke --event "$EVENT" "$(echo "$liberte" | cut -c1-8)" >"$DIR/out" 2>"$DIR/err"
is "a box can be named by the beginning of its device" 0 $?
kill -TERM $broker
wait $broker
done_testing
