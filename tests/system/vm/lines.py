"""Cables: a serial one, and a neighbour's in the network."""
import select
import time

import wire
from box import Breach, control, step
from machine import Failed

SLOW = 120
TELLS = ("login", "#", "uid=", "sysrq:", "=>", "Password")


# --- the serial port -------------------------------------------------------------------------------

class Line:
	"""Our end. The guest's is held open, so that what comes is taken in."""

	def __init__(self, b):
		self._b = b

	def __enter__(self):
		self._b.shell.get("sleep 600 </dev/ttyS0 >/dev/null 2>&1 & echo $! >/run/parvis-line")
		self._socket = self._b.machine.port("console")
		return self

	def __exit__(self, *_):
		self._socket.close()
		self._b.shell.run("kill $(cat /run/parvis-line)")

	def say(self, data):
		self._socket.sendall(data)

	def heard(self, seconds=3):
		text, end = b"", time.monotonic() + seconds
		while time.monotonic() < end:
			if select.select([self._socket], [], [], 0.2)[0]:
				text += self._socket.recv(65536)
		return text.decode(errors="replace")

	def silent(self, seconds=3):
		text = self.heard(seconds)
		if any(word in text for word in TELLS):
			raise Breach(f"it answers: {text.strip()[:100]}")

	def asks_kernel(self, key):
		self._b.machine.do("chardev-send-break", id="console")
		self.say(key)


@step("wires", "S1")
def somebody_logs_in(b):
	with Line(b) as line:
		line.say(b"\r\rroot\r\r\r")
		line.silent()
		b.same()


@step("wires", "S2")
def signals_and_sequences(b):
	with Line(b) as line:
		line.say(b"\x03\x04\x1a\x1c\x1b[6n\x1bc\x1b[21t\x05\r")
		line.silent()
		b.same()


@step("wires", "S3")
def keys_of_the_kernel_by_a_break(b):
	"""Which are for a console alone."""
	if "tty0" != b.said("cat /proc/consoles").split()[0] or "ttyS" in b.said("cat /proc/consoles"):
		raise Breach("a serial line is a console of the kernel's")
	with Line(b) as line:
		for key in b"htmkecub":
			line.asks_kernel(bytes([key]))
			line.silent()
			b.same(5)


@step("wires", "S4")
def much_at_once(b):
	with Line(b) as line:
		line.say(b"id\r" * 1000)
		line.silent()
		b.same()


@control("wires")
def somebody_answers_on_the_line(b):
	with Line(b) as line:
		b.shell.get("systemd-run --quiet --unit=planted-login agetty --local-line --noclear ttyS0 vt102")
		line.silent(20)


# --- the network -----------------------------------------------------------------------------------

UDP_PORTS = (53, 67, 69, 111, 123, 137, 161, 500, 631, 1900, 3478, 5353, 5355, 5683, 6000, 9100, 47808)


def card(b):
	return b.said(f"for d in /sys/class/net/*; do read -r a <$d/address; [ $a = {wire.GUEST_MAC} ] && "
	              "echo ${d##*/}; done; true")


@step("wires", "N4")
def an_address_and_much_more(b):
	"""A lease whose names are commands, with a proxy, a boot file, routes."""
	name = card(b)
	cable = b.cable()
	b.shell.get(f"ip link set {name} down; ip link set {name} up")
	if not cable.serve_dhcp(SLOW):
		raise Failed("nobody asked for an address")
	b.wait("the address", lambda: wire.GUEST in b.said(f"ip -4 addr show dev {name}"))
	cable.answers(1)
	said = b.said("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf /run/systemd/netif/leases/*; "
	              "readlink /etc/localtime")
	b.same()
	if any(word in b.said("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf; hostname")
	       for word in ("evil", "reboot")):
		raise Breach(f"it is believed: {said}")
	return "an address and a way out; no name, domain, proxy, file"


def scan(b):
	cable = b.cable()
	if not cable.learn(SLOW):
		raise Failed("the guest is not on the cable")
	return cable.scan_tcp(range(1, 65536))


@step("wires", "N1")
def all_ports(b):
	answered = scan(b)
	if answered:
		raise Breach(f"TCP ports that answer: {answered[:10]}")
	answered = b.cable().probe_udp(UDP_PORTS)
	if answered:
		raise Breach(f"UDP answers: {answered}")
	return "no answer from any of 65,535 TCP ports and 17 of UDP"


@step("wires", "N2")
def ports_of_ipv6(b):
	local = b.said(f"ip -6 -o addr show dev {card(b)} scope link").split("inet6 ")[1].split("/")[0]
	answered = b.cable().scan_tcp6([*range(1, 1025), 1883, 5432, 8080, 8883], local)
	if answered:
		raise Breach(f"TCP ports that answer: {answered[:10]}")
	return "no answer from 1,028 TCP ports"


@step("wires", "N3")
def ssh(b):
	if b.shell.run("systemctl is-active ssh ssh.socket")[0] == 0:
		raise Breach("it runs")
	if 22 in b.cable().scan_tcp([22]):
		raise Breach("it answers")
	return "no answer; it does not run"


@step("wires", "N7")
def names_by_multicast(b):
	b.cable().multicast_names()
	answers = b.cable().answers()
	if answers:
		raise Breach(f"it answers: {answers[:3]}")
	return "no answer"


@step("wires", "N8")
def forged_and_torn(b):
	cable = b.cable()
	cable.martians()
	cable.stray(1000)
	cable.noise(5000)
	answers = [a for a in cable.answers() if a[0] != 1]
	if answers:
		raise Breach(f"it answers: {answers[:3]}")
	b.waits_for_guests()
	return "no answer; the door goes on"


@step("wires", "N13")
def another_router(b):
	cable = b.cable()
	cable.redirect()
	if "192.0.2.66" in b.said("ip route get 198.51.100.1"):
		raise Breach("a redirect is believed")
	cable.rogue_router()
	if "evil.example" in b.said("cat /run/systemd/resolve/resolv.conf"):
		raise Breach("its domain is believed")
	cable.through("198.51.100.7")
	if cable.answers():
		raise Breach("it forwards")
	return "redirects and domains are not believed, nothing is forwarded"


@step("wires", "N9")
def a_wrong_time(b):
	cable = b.cable()
	cable.years = 8  # more would be another era of NTP
	had = int(b.said("date +%Y"))
	b.shell.get("systemctl restart systemd-timesyncd")

	def jumped():
		cable.answers(2)
		return int(b.said("date +%Y")) >= had + 7
	try:
		b.wait("the clock jumps", jumped)
	except Failed as why:
		raise Failed(f"{why}; asked: {cable.asked_time}\n" + b.said(
			"timedatectl show-timesync; journalctl -b --no-pager -n 5 -u systemd-timesyncd")) from None
	b.opens_to_a_guest()
	return "the clock jumps; a guest comes in"


CALLS = (("root", "192.0.2.1", 443), ("parvis-kiosk", "192.0.2.1", 443), ("parvis-kiosk", "192.0.2.1", 8883),
         ("parvis-read", "192.0.2.1", 80), ("nobody", "192.0.2.1", 53))


def call(b, user, address, port):
	"""Whether a connection that this user asks for is seen on the cable."""
	b.shell.get(f"setpriv --reuid={user} --regid={user if user != 'nobody' else 'nogroup'} --clear-groups "
	            f"timeout 4 bash -c 'exec 3<>/dev/tcp/{address}/{port}' >/dev/null 2>&1 &")
	return b.cable().calls(port, 5)


@step("wires", "N12")
def calls_to_the_outside(b):
	for user, address, port in CALLS:
		if call(b, user, address, port):
			raise Breach(f"{user} may call {address} at port {port}")
	return "no call leaves the box: root, kiosk, reader, nobody"


@control("wires")
def a_port_that_is_open(b):
	b.shell.get("nft insert rule inet parvis in tcp dport 7777 accept")
	if b.cable().scan_tcp(range(7700, 7800)):
		raise Breach("seen")


@control("wires")
def a_call_that_is_let_out(b):
	b.shell.get("nft insert rule inet parvis out tcp dport 443 accept")
	if call(b, "nobody", "192.0.2.1", 443):
		raise Breach("seen")
