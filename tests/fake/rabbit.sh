# Sourced by shell tests after servers.sh: RabbitMQ with its MQTT plugin, three nodes in one cluster.
# shellcheck shell=sh

RABBIT_NODES="r1 r2 r3"

have_rabbitmq()
{
	[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && command -v epmd >/dev/null
}

# start_rabbitmq ADDRESS: everything at $RABBIT_IN, in $DIR/r1 … r3; sets $RABBIT_URLS.
start_rabbitmq()
{
	rabbit_home=$DIR/rabbit
	mkdir -p "$rabbit_home"
	head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$rabbit_home/.erlang.cookie"
	chmod 400 "$rabbit_home/.erlang.cookie"
	"$TOOLS/port" free 7 >"$rabbit_home/ports"
	rabbit_epmd=$(sed -n 7p "$rabbit_home/ports")
	# shellcheck disable=SC2086
	${RABBIT_IN:-} epmd -port "$rabbit_epmd" >/dev/null 2>&1 &
	at_end "kill -KILL $! 2>/dev/null"
	RABBIT_URLS=
	for node in $RABBIT_NODES; do
		mkdir -p "$DIR/$node"
		sed -n "${node#r}p" "$rabbit_home/ports" >"$DIR/$node/port"
		sed -n "$((${node#r} + 3))p" "$rabbit_home/ports" >"$DIR/$node/distribution"
		rabbit_configuration "$1" "$(cat "$DIR/$node/port")" >"$DIR/$node/rabbitmq.conf"
		echo '[rabbitmq_mqtt].' >"$DIR/$node/plugins"
		RABBIT_URLS="$RABBIT_URLS mqtt://$1:$(cat "$DIR/$node/port")"
	done
	for node in $RABBIT_NODES; do run_rabbit "$node"; done
	for node in $RABBIT_NODES; do
		await_rabbit "$node" || return 1
	done
}

rabbit_configuration()
{
	echo "listeners.tcp = none"
	echo "mqtt.listeners.tcp.1 = $1:$2"
	echo "mqtt.allow_anonymous = true"
	echo "mqtt.default_user = guest"
	echo "mqtt.default_pass = guest"
	echo "loopback_users = none"
	echo "cluster_formation.peer_discovery_backend = classic_config"
	i=0
	for node_name in $RABBIT_NODES; do
		i=$((i + 1))
		echo "cluster_formation.classic_config.nodes.$i = $node_name@localhost"
	done
}

# Begins a node, again too. It needs a while.
run_rabbit()
{
	rm -f "$DIR/$1/pid"
	# shellcheck disable=SC2086
	${RABBIT_IN:-} env HOME="$rabbit_home" ERL_CRASH_DUMP_SECONDS=0 ERL_EPMD_PORT="$rabbit_epmd" \
		RABBITMQ_NODENAME="$1@localhost" \
		RABBITMQ_DIST_PORT="$(cat "$DIR/$1/distribution")" \
		RABBITMQ_CONFIG_FILE="$DIR/$1/rabbitmq.conf" \
		RABBITMQ_ENABLED_PLUGINS_FILE="$DIR/$1/plugins" \
		RABBITMQ_MNESIA_BASE="$DIR/$1/mnesia" RABBITMQ_LOG_BASE="$DIR/$1/log" \
		RABBITMQ_PID_FILE="$DIR/$1/pid" RABBITMQ_CONF_ENV_FILE=/dev/null \
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none" \
		/usr/lib/rabbitmq/bin/rabbitmq-server >"$DIR/$1/out" 2>&1 &
	at_end "kill -KILL \$(cat $DIR/$1/pid) 2>/dev/null"
}

await_rabbit()
{
	# shellcheck disable=SC2046,SC2086
	${RABBIT_IN:-} "$TOOLS/port" wait "$(cat "$DIR/$1/port")" 120 \
		"$(sed -n 's/^mqtt.listeners.tcp.1 = \(.*\):.*/\1/p' "$DIR/$1/rabbitmq.conf")"
}

kill_rabbit()
{
	kill -KILL "$(cat "$DIR/$1/pid")" 2>/dev/null
	while kill -0 "$(cat "$DIR/$1/pid")" 2>/dev/null; do sleep 0.05; done
}
