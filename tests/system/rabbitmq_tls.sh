#!/bin/sh
# RabbitMQ with the files that `parvis event broker` writes: who comes in, who may say what, and a box
# that is shut out while it is connected.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

scripts=/usr/lib/rabbitmq/bin
if [ ! -x $scripts/rabbitmq-server ] || ! command -v mosquitto_pub >/dev/null; then
	skip "RabbitMQ over TLS" "there is no rabbitmq-server or no mosquitto_pub"
	done_testing
fi

EVENT=$DIR/event
OUT=$DIR/broker
T=parvis/1/civictech-2016
cp -r assets/demo "$EVENT"
mkdir -m 700 "$EVENT/keys"
(umask 077 && echo b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e >"$EVENT/keys/issuing.key")
printf '[sync]\nbrokers = mqtts://localhost\n' >>"$EVENT/event.ini"
until_true()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		sleep 0.1
	done
}
port=$("$TOOLS/port" free)
for venue in numa liberte; do
	"$PARVIS" kiosk provision --event "$EVENT" --venue $venue --door main >"$DIR/out" 2>"$DIR/err" ||
		not_ok "provision $venue" "$DIR/err"
	# The part of the bundle begins and ends as PEM does.
	grep -a -A99 -e '-----BEGIN CERTIFICATE' "$EVENT/bundles/$venue-main.parvis" |
		sed '/END PRIVATE KEY/q' >"$DIR/$venue.pem"
done
sed -i 's/^.*\(-----BEGIN CERTIFICATE\)/\1/; s/\(END PRIVATE KEY-----\).*/\1/' "$DIR/numa.pem" "$DIR/liberte.pem"
"$PARVIS" event broker --event "$EVENT" --host localhost --port "$port" --out "$OUT" >"$DIR/out" 2>"$DIR/err"
is "event broker" 0 $?
device() { grep " $1 main " "$EVENT/keys/boxes" | cut -d' ' -f1; }
numa=$(device numa) liberte=$(device liberte)

mkdir "$DIR/mnesia" "$DIR/log" "$DIR/home"
ERL_EPMD_PORT=$("$TOOLS/port" free)
RABBITMQ_DIST_PORT=$("$TOOLS/port" free)
echo '[rabbitmq_mqtt,rabbitmq_auth_mechanism_ssl].' >"$DIR/plugins"
export ERL_EPMD_PORT RABBITMQ_DIST_PORT ERL_EPMD_ADDRESS=127.0.0.1 HOME="$DIR/home" \
	RABBITMQ_NODENAME="parvis$$@localhost" RABBITMQ_CONFIG_FILE="$OUT/rabbitmq.conf" \
	RABBITMQ_ADVANCED_CONFIG_FILE="$OUT/rabbitmq-advanced.config" RABBITMQ_MNESIA_BASE="$DIR/mnesia" \
	RABBITMQ_LOG_BASE="$DIR/log" RABBITMQ_ENABLED_PLUGINS_FILE="$DIR/plugins" \
	RABBITMQ_CONF_ENV_FILE=/dev/null
# It does not end while a node is still registered.
at_end "for i in \$(seq 60); do epmd -port $ERL_EPMD_PORT -kill 2>&1 | grep -q Killed && break; sleep 0.5; done"
at_end "$scripts/rabbitmqctl stop >/dev/null 2>&1"
$scripts/rabbitmq-server >"$DIR/server.out" 2>&1 &
logged() { cat "$DIR"/log/*.log 2>/dev/null | grep -q "$1"; }
until_true logged "Server startup complete" || not_ok "it starts" "$DIR/server.out"

as()
{
	pem=$DIR/$1.pem program=$2
	[ -f "$pem" ] || pem=$OUT/$1.pem
	shift 2
	timeout 30 "$program" -h localhost -p "$port" -V 311 --cafile "$OUT/ca.pem" --cert "$pem" --key "$pem" "$@"
}
# hears NAME FILTER...
hears()
{
	who=$1 pem=$DIR/$1.pem
	[ -f "$pem" ] || pem=$OUT/$1.pem
	shift
	for topic; do set -- "$@" -t "$topic"; shift; done
	mosquitto_sub -h localhost -p "$port" -V 311 --cafile "$OUT/ca.pem" --cert "$pem" --key "$pem" -d -v \
		-q 1 "$@" >"$DIR/$who.heard" 2>&1 &
	at_end "kill -9 $! 2>/dev/null"
	until_true grep -q SUBACK "$DIR/$who.heard"
}
hears collector "$T/#"
hears liberte "$T/d/+/ev" "$T/d/+/count" "$T/d/+/state" "$T/a/$liberte" "$T/v/liberte/+" "$T/v/+/+" \
	"$T/fleet" "$T/fleet/+"
hears watcher "$T/d/+/state" "$T/d/+/count" "$T/fleet"

# says NAME TOPIC TEXT: 0 where it was taken.
says()
{
	as "$1" mosquitto_pub -q 1 -t "$2" -m "$3" >"$DIR/out" 2>&1 && echo 0 || echo no
}
is "a box says what is its own" "0 0 0" "$(says numa "$T/d/$numa/ev" numa-ev) $(says numa \
	"$T/d/$numa/count" numa-count) $(says numa "$T/v/numa/$numa" numa-have)"
is "and nothing of another's" "no no no no" "$(says numa "$T/d/$liberte/ev" as-liberte) $(says numa \
	"$T/a/$numa" ack) $(says numa "$T/fleet" fleet) $(says numa "parvis/1/other/d/$numa/ev" other)"
is "the watcher says nothing" "no no" "$(says watcher "$T/d/$numa/count" x) $(says watcher "$T/fleet" x)"
is "nor hears rows" 1 "$(as watcher mosquitto_sub -q 1 -t "$T/d/+/ev" -W 5 >"$DIR/out" 2>&1 && echo 0 || echo 1)"
is "the collector acknowledges" "0 0 no" "$(says collector "$T/a/$liberte" ack-liberte) $(says collector \
	"$T/fleet" the-fleet) $(says collector "$T/d/$numa/ev" as-numa)"
for marker in numa-ev numa-have the-fleet ack-liberte; do
	until_true grep -q "$marker" "$DIR/liberte.heard" || not_ok "heard: $marker" "$DIR/liberte.heard"
done
until_true grep -q the-fleet "$DIR/watcher.heard"
is "the watcher heard figures alone" "numa-count the-fleet " "$(sed -n 's/^parvis[^ ]* //p' \
	"$DIR/watcher.heard" | sort | tr '\n' ' ')"
timeout 30 mosquitto_pub -h localhost -p "$port" --cafile "$OUT/ca.pem" -t x -m y >"$DIR/out" 2>&1
is "a stranger does not come in" 1 "$([ $? != 0 ] && echo 1)"

"$PARVIS" kiosk revoke --event "$EVENT" numa/main >"$DIR/out" 2>"$DIR/err"
is "kiosk revoke" 0 $?
is "the box's certificate is refused at once" no "$(says numa "$T/d/$numa/ev" stolen)"
is "for that reason" 1 "$(until_true logged 'Certificate Revoked' && echo 1)"
"$PARVIS" kiosk revoke --event "$EVENT" liberte/main >"$DIR/out" 2>"$DIR/err"
$(sed -n "s,^RabbitMQ: ,$scripts/,p" "$DIR/out") >"$DIR/out" 2>&1
is "the user is deleted" 0 $?
is "what comes after that" 0 "$(says collector "$T/a/$liberte" after-the-theft)"
until_true grep -q after-the-theft "$DIR/collector.heard"
is "a box that was connected hears no more" "0 " "$? $(grep after-the-theft "$DIR/liberte.heard")"
done_testing
