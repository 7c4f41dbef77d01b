# What a box may say and hear on the network, as rules for nft(8); see parvis-firewall. Read are, in
# this order and where they are there: /etc/passwd, the files of the kiosk's options, event.ini and
# kiosk.ini of the bundle in force, and more rules, *.in and *.out. One process, since every process
# more is seen at each start of a box.

function value_of(line) {
	sub(/^[^=]*=/, "", line)
	return line
}

BEGIN {
	usual_port["mqtt"] = 1883
	usual_port["mqtts"] = 8883
	usual_port["ipp"] = usual_port["ipps"] = 631
	usual_port["http"] = 80
	usual_port["https"] = 443
}

# host and port of an address of one of these schemes, into the two globals; false for what is none.
function is_address(url, schemes, scheme, rest, at, bracket) {
	gsub(/[ \t\r"']/, "", url)
	if (!match(url, /^[a-z]+:\/\//))
		return 0
	scheme = substr(url, 1, RLENGTH - 3)
	if (index(" " schemes " ", " " scheme " ") == 0)
		return 0
	rest = substr(url, RLENGTH + 1)
	sub(/\/.*/, "", rest)
	sub(/^.*@/, "", rest)
	port = usual_port[scheme]
	bracket = rest ~ /^\[[0-9A-Fa-f:.]+\](:[0-9]+)?$/
	if (!bracket && rest !~ /^[A-Za-z0-9._-]+(:[0-9]+)?$/)
		return 0
	if (match(rest, /:[0-9]+$/) && (!bracket || rest ~ /\]:[0-9]+$/)) {
		port = substr(rest, RSTART + 1)
		rest = substr(rest, 1, RSTART - 1)
	}
	host = rest
	return length(port) <= 5 && port + 0 >= 1 && port + 0 <= 65535
}

# A connection that is configured, as the one user whose it is.
function let_out(url, user, schemes, where) {
	if (!(user in uid) || !is_address(url, schemes))
		return
	if (host ~ /^\[/)
		where = "ip6 daddr " substr(host, 2, length(host) - 2) " "
	else if (host ~ /^[0-9.]+$/)
		where = "ip daddr " host " "
	else
		where = ""
	configured = configured "\t\tmeta skuid " uid[user] " " where "tcp dport " port + 0 " accept\n"
}

# OPTIONS="--name value --name=value": systemd's own splitting, less what no address has.
function options(line, words, n, i) {
	gsub(/["'=]/, " ", line)
	n = split(line, words, /[ \t]+/)
	for (i = 1; i < n; i++) {
		if (words[i] == "--broker" || words[i] == "--printer")
			let_out(words[i + 1], kiosk, "mqtt mqtts ipp ipps")
		else if (words[i] == "--host-broker" && words[i + 1] ~ /^[0-9]+$/ &&
			words[i + 1] + 0 >= 1 && words[i + 1] + 0 <= 65535)
			house = house "\t\tct state new tcp dport " words[i + 1] + 0 \
				" limit rate over 50/second burst 100 packets drop\n" \
				"\t\ttcp dport " words[i + 1] + 0 " accept\n"
	}
}

function as_user(name, what) {
	if (name in uid)
		print "\t\tmeta skuid " uid[name] " " what " accept"
}

FILENAME == "/etc/passwd" {
	split($0, fields, ":")
	uid[fields[1]] = fields[3]
	next
}
FILENAME ~ /\.in$/ { more_in = more_in "\t\t" $0 "\n"; next }
FILENAME ~ /\.out$/ { more_out = more_out "\t\t" $0 "\n"; next }
FILENAME ~ /\/kiosk\.ini$/ {
	if (/^printer=/)
		let_out(value_of($0), kiosk, "ipp ipps")
	next
}
FILENAME ~ /\/event\.ini$/ {
	if (/^[ \t]*\[/)
		section = $0
	else if ((section ~ /^[ \t]*\[sync\]/ && /^[ \t]*brokers[ \t]*=/) ||
		(section ~ /^[ \t]*\[venue / && /^[ \t]*broker[ \t]*=/)) {
		n = split(value_of($0), urls, /[ \t]+/)
		for (i = 1; i <= n; i++)
			let_out(urls[i], kiosk, "mqtt mqtts")
	}
	next
}
/^[ \t]*OPTIONS=/ { options(value_of($0)) }
/^[ \t]*UPDATES=/ { let_out(value_of($0), fetch, "http https") }

END {
	print "add table inet parvis"
	print "flush table inet parvis"
	print "table inet parvis {"
	print "\tchain in {"
	print "\t\ttype filter hook input priority filter; policy drop;"
	print "\t\tiif lo accept"
	print "\t\tct state invalid drop"
	print "\t\tct state established,related accept"
	print "\t\tudp sport 67 udp dport 68 accept"
	print "\t\tudp sport 547 udp dport 546 ip6 saddr fe80::/10 accept"
	print "\t\ticmp type { destination-unreachable, time-exceeded, parameter-problem } accept"
	print "\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept"
	print "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept"
	printf "%s%s", house, more_in
	print "\t}"
	print "\tchain forward {"
	print "\t\ttype filter hook forward priority filter; policy drop;"
	print "\t}"
	print "\tchain out {"
	print "\t\ttype filter hook output priority filter; policy drop;"
	print "\t\toif lo accept"
	print "\t\tct state established,related accept"
	print "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept"
	as_user("root", "udp sport 68 udp dport 67")
	as_user("systemd-network", "udp sport 68 udp dport 67")
	as_user("systemd-network", "udp sport 546 udp dport 547")
	as_user("systemd-resolve", "meta l4proto { tcp, udp } th dport { 53, 853 }")
	as_user("systemd-timesync", "udp dport 123")
	printf "%s", configured
	if (kiosk in uid) {
		# A box without an event fetches its bundle from a pairing code's address, which is private.
		if (!adopted) {
			as_user(kiosk, "ip daddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16 } tcp dport 1024-65535")
			as_user(kiosk, "ip6 daddr { fc00::/7, fe80::/10 } tcp dport 1024-65535")
		}
	}
	printf "%s", more_out
	# What is not allowed is told so at once, not left to wait.
	print "\t\treject with icmpx admin-prohibited"
	print "\t}"
	print "}"
}
