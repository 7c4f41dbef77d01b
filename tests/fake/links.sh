# Sourced by shell tests after tap.sh: kiosks behind slow and lossy links, each in a network namespace
# of its own that ends with the test; needs root. Without make_links every link is the loopback.
# shellcheck shell=sh

HUB=
HUB_ADDRESS=10.77.0.1

# make_links N [DELAY_MS LOSS_PERCENT KBIT_PER_S]: namespaces for k1 … kN around a hub; the figures are
# of each direction, 150 5 1000 where none are given. What is in between is tests/tools/slow_link.c,
# since not every kernel has tc's netem.
make_links()
{
	[ "$(id -u)" = 0 ] && command -v ip >/dev/null && [ -c /dev/net/tun ] || return 1
	links_base=pv$$
	ip netns add "$links_base-hub" 2>/dev/null || return 1
	HUB=$links_base-hub
	at_end "ip netns del $HUB 2>/dev/null"
	ip -n "$HUB" link set lo up
	ip -n "$HUB" link add br0 type bridge &&
		ip -n "$HUB" addr add "$HUB_ADDRESS/24" dev br0 &&
		ip -n "$HUB" link set br0 up && add_links "$@" && return 0
	HUB=
	return 1
}

add_links()
{
	for i in $(seq 1 "$1"); do
		ns=$links_base-k$i
		ip netns add "$ns" || return 1
		at_end "ip netns del $ns 2>/dev/null"
		ip -n "$ns" link set lo up
		: >"$DIR/link-$i"
		"$TOOLS/slow_link" "$HUB" "v$i" "$ns" eth0 "${2:-150}" "${3:-5}" "${4:-1000}" "$i" \
			>"$DIR/link-$i" 2>&1 &
		at_end "kill $! 2>/dev/null"
		for try in $(seq 1 100); do
			[ "$(cat "$DIR/link-$i")" != up ] || break
			kill -0 $! 2>/dev/null || return 1
			sleep 0.02
		done
		ip -n "$ns" addr add "10.77.0.$((i + 10))/24" dev eth0 || return 1
		ip -n "$ns" link set eth0 up
		ip -n "$HUB" link set "v$i" master br0 up || return 1
	done
}

# What a command is begun with that is to run at the hub; at kiosk kN.
hub()
{
	[ -z "$HUB" ] || echo "ip netns exec $HUB"
}

link_of()
{
	[ -z "$HUB" ] || echo "ip netns exec $links_base-$1"
}

# Cuts the link of kN, and makes it whole. 1: there is none.
cut_link()
{
	[ -n "$HUB" ] && ip -n "$HUB" link set "v${1#k}" down
}

restore_link()
{
	[ -n "$HUB" ] && ip -n "$HUB" link set "v${1#k}" up
}
