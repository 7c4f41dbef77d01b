"""The other end of a network cable: bytes as a neighbour could send them. Frames go over a unix socket
to a network card of the machine's (QEMU's stream netdev: a length of four bytes before each)."""
import random
import select
import socket
import struct
import time

OUR_MAC, GUEST_MAC = "02:00:00:00:00:01", "02:00:00:00:00:50"
OURS, GUEST = "192.0.2.1", "192.0.2.50"
EVERYBODY = "ff:ff:ff:ff:ff:ff"


def mac(text):
	return bytes.fromhex(text.replace(":", ""))


def ip(text):
	return socket.inet_aton(text)


def checksum(data):
	if len(data) % 2:
		data += b"\0"
	total = sum(struct.unpack(f">{len(data) // 2}H", data))
	while total >> 16:
		total = (total & 0xFFFF) + (total >> 16)
	return ~total & 0xFFFF


def ethernet(to, kind, payload):
	return (mac(to) + mac(OUR_MAC) + struct.pack(">H", kind) + payload).ljust(60, b"\0")


def ipv4(protocol, payload, source=OURS, to=GUEST, options=b"", fragment=0, identity=1):
	head = struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload),
	                   identity, fragment, 64, protocol, 0, ip(source), ip(to)) + options
	return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def udp(source, to, payload, from_ip=OURS, to_ip=GUEST, **more):
	return ipv4(17, struct.pack(">HHHH", source, to, 8 + len(payload), 0) + payload, from_ip, to_ip, **more)


def tcp(source, to, flags, from_ip=OURS, to_ip=GUEST, **more):
	head = struct.pack(">HHIIBBHHH", source, to, 1, 1, 0x50, flags, 1024, 0, 0)
	pseudo = ip(from_ip) + ip(to_ip) + struct.pack(">BBH", 0, 6, len(head))
	return ipv4(6, head[:16] + struct.pack(">H", checksum(pseudo + head)) + head[18:], from_ip, to_ip, **more)


def icmp(kind, code, rest, to=GUEST):
	body = struct.pack(">BBH", kind, code, 0) + rest
	return ipv4(1, body[:2] + struct.pack(">H", checksum(body)) + body[4:], to=to)


def icmpv6(kind, rest, source="fe80::1", to="ff02::1"):
	source, to = (socket.inet_pton(socket.AF_INET6, a) for a in (source, to))
	body = struct.pack(">BBH", kind, 0, 0) + rest
	pseudo = source + to + struct.pack(">II", len(body), 58)
	body = body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]
	return struct.pack(">IHBB", 0x60000000, len(body), 58, 255) + source + to + body


def card(path):
	"""Options of QEMU for a card with a Cable at this path."""
	return ["-netdev", f"stream,id=cable,server=on,addr.type=unix,addr.path={path}",
	        "-device", f"virtio-net-pci,netdev=cable,id=second,mac={GUEST_MAC}"]


class Cable:
	def __init__(self, path):
		self._socket = socket.socket(socket.AF_UNIX)
		self._socket.connect(path)
		self._rest = b""
		self._chance = random.Random(1)
		self.years = 0  # by which the time that is told here is wrong
		self.asked_time = False

	def send(self, to, kind, payload):
		frame = ethernet(to, kind, payload)
		self._socket.sendall(struct.pack(">I", len(frame)) + frame)

	def receive(self, seconds):
		"""The next frame, or None."""
		end = time.monotonic() + seconds
		while True:
			if len(self._rest) >= 4:
				size = struct.unpack(">I", self._rest[:4])[0]
				if len(self._rest) >= 4 + size:
					frame, self._rest = self._rest[4:4 + size], self._rest[4 + size:]
					return frame
			left = end - time.monotonic()
			if left <= 0 or not select.select([self._socket], [], [], left)[0]:
				return None
			self._rest += self._socket.recv(65536)

	def frames(self, seconds):
		"""What comes within so long, questions for our address answered on the way."""
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			frame = self.receive(max(0, end - time.monotonic()))
			if not frame:
				return
			kind = struct.unpack(">H", frame[12:14])[0]
			if kind == 0x0806 and frame[20:22] == b"\0\1" and frame[38:42] == ip(OURS):
				self.send(GUEST_MAC, 0x0806, struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + mac(OUR_MAC) +
				          ip(OURS) + frame[22:28] + frame[28:32])
				continue
			if kind == 0x0800 and frame[23] == 17 and frame[30:34] == ip(OURS) and frame[36:38] == b"\0\x7b":
				self._tell_time(frame[14:])
				continue
			yield kind, frame[14:]

	def _tell_time(self, packet):
		"""NTP, of the first stratum, by a clock that is wrong."""
		asked = packet[28:76]
		now = struct.pack(">II", int(time.time() + 2208988800 + self.years * 31557600) & 0xFFFFFFFF, 0)
		self.asked_time = True
		self.send(GUEST_MAC, 0x0800, udp(123, struct.unpack(">H", packet[20:22])[0], struct.pack(
			">BBbbII4s", 0x24, 1, 6, -20, 0, 0, b"GPS\0") + now + asked[40:48] + now + now))

	# --- an address ------------------------------------------------------------------------------

	def _reply(self, request, kind):
		def option(number, value):
			return struct.pack(">BB", number, len(value)) + value

		evil = b"$(reboot);`reboot`.evil.example"
		options = b"\x63\x82\x53\x63" + option(53, bytes([kind])) + option(54, ip(OURS)) + \
			option(51, struct.pack(">I", 3600)) + option(1, ip("255.255.255.0")) + option(3, ip(OURS)) + \
			option(6, ip(OURS)) + option(12, evil) + option(15, evil) + option(42, ip(OURS)) + \
			option(66, b"$(reboot)") + option(67, b"../../etc/passwd") + option(119, b"\xc0\x00") + \
			option(121, b"\x00" + ip(OURS) + b"\x21") + option(252, b"http://evil.example/wpad.dat") + \
			option(43, b"\xff" * 200) + b"\xff"
		return struct.pack(">BBBB", 2, 1, 6, 0) + request[4:8] + b"\0" * 8 + ip(GUEST) + ip(OURS) + \
			b"\0" * 4 + request[28:44] + b"$(reboot)".ljust(64, b"\0") + b"/etc/passwd".ljust(128, b"\0") + options

	def serve_dhcp(self, seconds):
		"""Gives the guest its address, with everything beside it that a server can say. Whether it took it."""
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			for kind, packet in self.frames(2):
				if kind != 0x0800 or packet[9] != 17 or packet[22:24] != b"\0\x43":
					continue
				request = packet[28:]
				at = request.find(b"\x35\x01", 236)
				asked = request[at + 2] if at > 0 else 0
				if asked in (1, 3):
					self.send(EVERYBODY, 0x0800, udp(67, 68, self._reply(request, 2 if asked == 1 else 5),
					                                 to_ip="255.255.255.255"))
				if asked == 3:
					return True
		return False

	def learn(self, seconds):
		"""Waits until the guest answers for its address."""
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			self.send(EVERYBODY, 0x0806, struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + mac(OUR_MAC) + ip(OURS) +
			          b"\0" * 6 + ip(GUEST))
			for kind, packet in self.frames(1):
				if kind == 0x0806 and packet[6:8] == b"\0\2" and packet[14:18] == ip(GUEST):
					return True
		return False

	# --- looking for a way in -----------------------------------------------------------------------

	def _answers(self, seconds):
		found = []
		for kind, packet in self.frames(seconds):
			if kind == 0x0800 and packet[12:16] == ip(GUEST) and packet[9] in (1, 6, 17):
				head = (packet[0] & 15) * 4
				found.append((packet[9], packet[head:head + 20]))
		return found

	def scan_tcp(self, ports):
		"""The ports that answer, with whatever."""
		open_ports = set()
		for n, port in enumerate(ports):
			self.send(GUEST_MAC, 0x0800, tcp(40000 + n % 20000, port, 0x02))
			if n % 256 == 255:
				open_ports |= self._tcp_ports(0.02)
		return sorted(open_ports | self._tcp_ports(5))

	def _tcp_ports(self, seconds):
		return {struct.unpack(">H", body[:2])[0] for protocol, body in self._answers(seconds)
		        if protocol == 6}

	def probe_udp(self, ports):
		for port in ports:
			self.send(GUEST_MAC, 0x0800, udp(41000, port, b"\0" * 32))
		return [protocol for protocol, _ in self._answers(5)]

	def answers(self, seconds=4):
		"""What comes back within so long: (protocol, the first of it)."""
		return [(protocol, body.hex()) for protocol, body in self._answers(seconds)]

	def calls(self, port, seconds):
		"""Whether the guest asks for a connection to this port within so long."""
		return any(kind == 0x0800 and packet[9] == 6 and packet[(packet[0] & 15) * 4 + 2:][:2] ==
		           struct.pack(">H", port) for kind, packet in self.frames(seconds))

	def scan_tcp6(self, ports, to):
		"""The same over IPv6, to a link-local address."""
		found = set()
		self._solicit(to)
		source, dest = (socket.inet_pton(socket.AF_INET6, a) for a in ("fe80::1", to))
		for port in ports:
			head = struct.pack(">HHIIBBHHH", 45000, port, 1, 0, 0x50, 2, 1024, 0, 0)
			sum_of = source + dest + struct.pack(">II", len(head), 6) + head
			head = head[:16] + struct.pack(">H", checksum(sum_of)) + head[18:]
			self.send(GUEST_MAC, 0x86DD, struct.pack(">IHBB", 0x60000000, len(head), 6, 64) + source + dest + head)
		for kind, packet in self.frames(4):
			if kind == 0x86DD and packet[6] == 6 and packet[24:40] == source:
				found.add(struct.unpack(">H", packet[40:42])[0])
		return sorted(found)

	def _solicit(self, to):
		"""Tells the guest where fe80::1 lives, by asking for it."""
		target = socket.inet_pton(socket.AF_INET6, to)
		self.send(GUEST_MAC, 0x86DD, icmpv6(135, bytes(4) + target + b"\1\1" + mac(OUR_MAC), to=to))

	def stray(self, times):
		for n in range(times):
			self.send(GUEST_MAC, 0x0800, tcp(50000 + n % 1000, 1 + self._chance.randrange(65535),
			                                 self._chance.choice((0x10, 0x14, 0x29, 0x00, 0x3F))))
		self._answers(2)

	def martians(self):
		lsrr = b"\x83\x07\x04" + ip("198.51.100.1") + b"\0"
		for from_ip, options in ((OURS, lsrr), (GUEST, b""), ("127.0.0.1", b""), ("0.0.0.0", b""),
		                         ("255.255.255.255", b"")):
			for port in (22, 53, 631, 1883):
				self.send(GUEST_MAC, 0x0800, tcp(42000, port, 2, from_ip=from_ip, options=options))
				self.send(GUEST_MAC, 0x0800, tcp(42000, port, 2, from_ip=from_ip, to_ip="127.0.0.1"))

	def redirect(self):
		original = tcp(43000, 8883, 2, from_ip=GUEST, to_ip="198.51.100.1")[:28]
		self.send(GUEST_MAC, 0x0800, icmp(5, 1, ip("192.0.2.66") + original))
		time.sleep(1)

	def multicast_names(self):
		question = struct.pack(">HHHHHH", 7, 0, 1, 0, 0, 0) + b"\x05kiosk\x05local\0\0\x01\0\x01"
		self.send("01:00:5e:00:00:fb", 0x0800, udp(5353, 5353, question, to_ip="224.0.0.251"))
		self.send("01:00:5e:00:00:fc", 0x0800, udp(5355, 5355, question, to_ip="224.0.0.252"))

	def rogue_router(self):
		prefix = struct.pack(">BBBBII", 3, 4, 64, 0xC0, 3600, 3600) + b"\0" * 4 + \
			socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
		servers = struct.pack(">BBHI", 25, 3, 0, 3600) + socket.inet_pton(socket.AF_INET6, "fe80::bad")
		names = struct.pack(">BBHI", 31, 3, 0, 3600) + b"\x04evil\x07example\0\0\0\0"
		mtu = struct.pack(">BBHI", 5, 1, 0, 1280)
		for _ in range(3):
			self.send("33:33:00:00:00:01", 0x86DD, icmpv6(134, struct.pack(">BBHII", 64, 0xC0, 1800, 0, 0) +
			          prefix + servers + names + mtu))
			time.sleep(0.5)

	def noise(self, times):
		self.send(GUEST_MAC, 0x0800, udp(1, 68, b"x" * 16, fragment=0x2000))
		self.send(GUEST_MAC, 0x0800, udp(1, 68, b"y" * 24, fragment=0x2001))
		self.send(GUEST_MAC, 0x0800, udp(67, 68, b"")[:24])
		for _ in range(times):
			self.send(GUEST_MAC, self._chance.choice((0x0800, 0x86DD, 0x0806, 0x8100, 0x88CC, 0x888E)),
			          self._chance.randbytes(self._chance.randrange(20, 200)))
		self._answers(3)

	def through(self, to):
		self.send(GUEST_MAC, 0x0800, icmp(8, 0, b"\0" * 8, to=to))
		self.send(GUEST_MAC, 0x0800, tcp(44000, 80, 2, to_ip=to))

	def close(self):
		self._socket.close()
