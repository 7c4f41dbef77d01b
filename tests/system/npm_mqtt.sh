#!/bin/sh
# MQTT.js and Ajv out of npm see the documented topics and payloads of a collector and its boxes.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh
# shellcheck source=tests/fake/servers.sh
. tests/fake/servers.sh

if ! have_mosquitto || ! command -v npm >/dev/null; then
	skip "MQTT.js" "there is no mosquitto or no npm"
	done_testing
fi
mkdir "$DIR/npm"
if ! (cd "$DIR/npm" && npm init -y && timeout 300 npm install --no-audit --no-fund mqtt@5 ajv@8) \
	>"$DIR/npm.log" 2>&1; then
	skip "MQTT.js" "npm cannot be reached"
	done_testing
fi
start_mosquitto broker
URL=mqtt://127.0.0.1:$(server_port broker)
cp -r assets/demo "$DIR/event"
cp tests/system/npm_mqtt.mjs "$DIR/npm"
SCHEMAS=$PWD/assets/sync node "$DIR/npm/npm_mqtt.mjs" "$URL" civictech-2016 400 >"$DIR/js.out" 2>&1 &
js=$!
at_end "kill -9 $js 2>/dev/null"
tries=0
until grep -q subscribed "$DIR/js.out" || [ $tries -ge 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
"$PARVIS" collect --event "$DIR/event" --broker "$URL" >"$DIR/collect.out" 2>&1 &
collector=$!
at_end "kill -9 $collector 2>/dev/null"
"$TOOLS/boxes" "$URL" civictech-2016 numa,liberte 4 400 0 10 >"$DIR/boxes" 2>&1
is "rows are acknowledged" 0 $?
wait $js
is "MQTT.js has heard every kind, and Ajv finds each message valid" "0 ack ev fleet state" \
	"$? $(tail -1 "$DIR/js.out")"
kill -TERM $collector
wait $collector
is "the collector ends" 0 $?
done_testing
