# Sourced by shell tests after tap.sh: real servers of Debian's, each in a directory of its own
# below $DIR, on a port of 127.0.0.1 that the kernel has chosen, gone when the test is.
# shellcheck shell=sh

# What `start` leaves for later: $DIR/NAME/pid and $DIR/NAME/port.
server_port()
{
	cat "$DIR/$1/port"
}

server_pid()
{
	cat "$DIR/$1/pid"
}

# Ends server NAME with -9, or with the signal that is named: kill_server NAME [SIGNAL]
kill_server()
{
	kill "-${2:-KILL}" "$(server_pid "$1")" 2>/dev/null
	# Not always our child: what is left of it then is the shell's that started it.
	wait "$(server_pid "$1")" 2>/dev/null
	while kill -0 "$(server_pid "$1")" 2>/dev/null; do sleep 0.02; done
}

have_mosquitto()
{
	[ -x /usr/sbin/mosquitto ]
}

# start_mosquitto NAME [LINE...]: LINEs of configuration take the place of "allow_anonymous true".
# Again under the same NAME: on the same port, with the same configuration. $MOSQUITTO_ADDRESS is
# another address than 127.0.0.1, $MOSQUITTO_IN what the command is begun with.
start_mosquitto()
{
	server=$DIR/$1
	shift
	[ -f "$server/mosquitto.conf" ] && { run_mosquitto "$server"; return; }
	mkdir -p "$server"
	[ $# -gt 0 ] || set -- "allow_anonymous true"
	for try in 1 2 3 4 5; do
		"$TOOLS/port" free >"$server/port"
		{
			# As root it would become a user who cannot look into our directory.
			[ "$(id -u)" != 0 ] || echo "user root"
			echo "listener $(cat "$server/port") ${MOSQUITTO_ADDRESS:-127.0.0.1}"
			echo "persistence false"
			echo "log_dest file $server/mosquitto.log"
			printf '%s\n' "$@"
		} >"$server/mosquitto.conf"
		run_mosquitto "$server" && return 0
	done
	echo "# mosquitto does not start"
	return 1
}

run_mosquitto()
{
	# shellcheck disable=SC2086 # a command and its options
	${MOSQUITTO_IN:-} /usr/sbin/mosquitto -c "$1/mosquitto.conf" >/dev/null 2>&1 &
	echo $! >"$1/pid"
	at_end "kill -KILL $! 2>/dev/null"
	# shellcheck disable=SC2046,SC2086
	${MOSQUITTO_IN:-} "$TOOLS/port" wait "$(cat "$1/port")" 10 \
		$(sed -n 's/^listener [0-9]* //p' "$1/mosquitto.conf" | head -1) && kill -0 "$(cat "$1/pid")" 2>/dev/null
}

have_postgresql()
{
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1
}

# Runs a command as somebody whom PostgreSQL accepts: not root.
as_nobody()
{
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

# start_postgresql NAME: a server of its own on a socket in $DIR/NAME; sets $POSTGRESQL_URL. Again
# under the same NAME after kill_postgresql: the same data.
start_postgresql()
{
	server=$DIR/$1
	pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
	pg_pid=$server/data/postmaster.pid
	POSTGRESQL_URL="postgresql://parvis@/postgres?host=$server/socket"
	if [ ! -d "$server/data" ]; then
		mkdir -p "$server/socket"
		chmod 711 "$DIR" "$server"
		[ "$(id -u)" != 0 ] || chown nobody:nogroup "$server" "$server/socket"
		(cd "$server" && as_nobody "$pg_bin/initdb" -D "$server/data" -U parvis -A trust -E UTF8 \
			--locale=C --no-sync) >"$server/initdb.log" 2>&1 || return 1
		# The server ends its own children first, which takes it a moment.
		ended="[ ! -e '$pg_pid' ] && break"
		at_end "kill -QUIT \$(head -1 '$pg_pid') 2>/dev/null; for try in \$(seq 1 200); do $ended; sleep 0.05; done"
	fi
	# What was killed may still have its memory for a moment.
	for try in $(seq 1 50); do
		run_postgresql && { head -1 "$pg_pid" >"$server/pid"; return 0; }
		sleep 0.2
	done
	echo "# PostgreSQL does not start"
	return 1
}

# What is begun here is a shell that waits for the server and hears no signal of ours.
run_postgresql()
{
	(cd "$server" && as_nobody "$pg_bin/postgres" -D "$server/data" -k "$server/socket" -h "") \
		>>"$server/postgresql.log" 2>&1 &
	pg_shell=$!
	for try in $(seq 1 600); do
		as_nobody "$pg_bin/pg_isready" -q -h "$server/socket" -U parvis && return 0
		kill -0 $pg_shell 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

# Its first process, with -9: the others notice and end.
kill_postgresql()
{
	kill -KILL "$(server_pid "$1")"
	rm -f "$DIR/$1/socket/.s.PGSQL.5432" "$DIR/$1/socket/.s.PGSQL.5432.lock"
}

# What a query gives, as CSV: query NAME SQL
query()
{
	"$pg_bin/psql" -q -X -v ON_ERROR_STOP=1 -h "$DIR/$1/socket" -U parvis -d postgres \
		-c "COPY ($2) TO STDOUT (FORMAT csv)"
}
