"""USB devices that are made up: descriptors and keys as bytes, at the other end of QEMU's usb-redir. A
device is what it says it is, so it can say anything. The protocol is usbredir 0.7, with the
capabilities that QEMU wants where the socket is xHCI's."""
import select
import socket
import struct
import threading

import machine

HELLO, CONNECT, RESET, INTERFACES, ENDPOINTS = 0, 1, 3, 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION = 6, 7, 8
SET_ALT, GET_ALT, ALT = 9, 10, 11
START_INTERRUPT, STOP_INTERRUPT, INTERRUPT_STATUS = 15, 16, 17
CONTROL, BULK, INTERRUPT = 100, 101, 103
STALL = 4
CAPABILITIES = 1 << 4 | 1 << 5 | 1 << 6  # packet sizes with endpoints, ids of 64 bits, lengths of 32
PACKET = 64

# A boot keyboard's report, as the HID specification has it in appendix B, and the power key.
KEYBOARD_REPORT = bytes.fromhex(
	"05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503"
	"910395067508150025730507190029738100c0")
MODIFIERS = {"ctrl": 1, "shift": 2, "alt": 4, "meta_l": 8}
KEYS = {chr(ord("a") + n): 4 + n for n in range(26)}
KEYS |= {f"f{n}": 0x39 + n for n in range(1, 13)}
KEYS |= {"ret": 0x28, "esc": 0x29, "backspace": 0x2A, "tab": 0x2B, "spc": 0x2C, "backslash": 0x31,
         "sysrq": 0x46, "print": 0x46, "pause": 0x48, "pgup": 0x4B, "delete": 0x4C, "right": 0x4F,
         "left": 0x50, "power": 0x66}


def keyboard(kind=(3, 1, 1)):
	"""An interface that types, whatever class it says it is of."""
	return {"class": kind, "report": KEYBOARD_REPORT}


def other(*kind):
	return {"class": kind, "report": None}


class Device:
	"""Plugged in from its making to pull()."""

	def __init__(self, m, vendor, product, *interfaces):
		self._m, self.name = m, f"{vendor:04x}:{product:04x}"
		self._vendor, self._product, self._interfaces = vendor, product, interfaces
		self._path = f"{m.logs}/redir"
		m.do("chardev-add", id="redir", backend={"type": "socket", "data": {
			"addr": {"type": "unix", "data": {"path": self._path}}, "server": True, "wait": False}})
		m.do("device_add", driver="usb-redir", id="redir", chardev="redir", bus="usb.0")
		self._socket = socket.socket(socket.AF_UNIX)
		self._socket.connect(self._path)
		self._listens = threading.Event()
		self._ends = False
		self._lock = threading.Lock()
		self._thread = threading.Thread(target=self._serve, daemon=True)
		self._thread.start()

	def pull(self):
		self._ends = True
		self._thread.join()
		self._socket.close()
		self._m.do("device_del", id="redir")
		# QEMU ends the cable with the device.
		machine.wait_until("the device is out", 20, lambda: "redir" not in
		                   [c["label"] for c in self._m.do("query-chardev")])

	def chord(self, *keys):
		"""These keys together, and up again. Only whoever is listened to can type."""
		if not self._listens.wait(20 * machine.PATIENCE):
			raise machine.Failed("nobody listens to this keyboard")
		down = sum(MODIFIERS.get(k, 0) for k in keys)
		pressed = bytes(KEYS[k] for k in keys if k in KEYS)
		for report in (struct.pack("BB6s", down, 0, b""), struct.pack("BB6s", down, 0, pressed), bytes(8)):
			self._send(INTERRUPT, 0, struct.pack("<BBH", 0x81, 0, 8) + report)

	# --- the protocol ------------------------------------------------------------------------------

	def _send(self, kind, number, body):
		with self._lock:
			head = struct.pack("<III" if kind == HELLO else "<IIQ", kind, len(body), number)
			self._socket.sendall(head + body)

	def _descriptors(self):
		parts = b""
		for n, interface in enumerate(self._interfaces):
			report = interface["report"]
			parts += struct.pack("BBBBBBBBB", 9, 4, n, 0, 1, *interface["class"], 0)
			if report:
				parts += struct.pack("<BBHBBBH", 9, 0x21, 0x111, 0, 1, 0x22, len(report))
			parts += struct.pack("<BBBBHB", 7, 5, 0x81 + n, 3 if report else 2, 8 if report else PACKET, 10)
		return struct.pack("<BBHBBBBB", 9, 2, 9 + len(parts), len(self._interfaces), 1, 0, 0x80, 50) + parts

	def _descriptor(self, value, index):
		kind = value >> 8
		if kind == 1:
			return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x200, 0, 0, 0, 64, self._vendor, self._product,
			                   0x100, 0, 0, 0, 1)
		if kind == 2:
			return self._descriptors()
		if kind == 0x22 and index < len(self._interfaces):
			return self._interfaces[index]["report"]
		return None

	def _introduce(self):
		self._send(HELLO, 0, b"breakout".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES))
		count = len(self._interfaces)

		def column(values):
			return bytes(values).ljust(32, b"\0")

		self._send(INTERFACES, 0, struct.pack("<I", count) + column(range(count)) + b"".join(
			column(i["class"][n] for i in self._interfaces) for n in range(3)))
		types, intervals, of = bytearray(b"\xff" * 32), bytearray(32), bytearray(32)
		types[0] = types[16] = 0
		for n, interface in enumerate(self._interfaces):
			types[17 + n] = 3 if interface["report"] else 2
			intervals[17 + n], of[17 + n] = 10, n
		self._send(ENDPOINTS, 0, bytes(types + intervals + of) + struct.pack("<H", PACKET) * 32)
		self._send(CONNECT, 0, struct.pack("<BBBBHH", 1, 0, 0, 0, self._vendor, self._product))

	def _take(self, size):
		got = b""
		while len(got) < size:
			while not select.select([self._socket], [], [], 0.2)[0]:
				if self._ends:
					return None
			more = self._socket.recv(size - len(got))
			if not more:
				return None
			got += more
		return got

	def _control(self, number, body):
		endpoint, request, kind, _, value, index, length = struct.unpack("<BBBBHHH", body[:10])
		answer, status = b"", 0
		if kind & 0x80:
			if request == 6:
				answer = self._descriptor(value, index)
			elif request in (0, 1, 2, 3):
				answer = bytes(length)
			else:
				answer = None
			if answer is None:
				answer, status = b"", STALL
			answer = answer[:length]
		self._send(CONTROL, number, struct.pack("<BBBBHHH", endpoint, request, kind, status, value, index,
		           len(answer) if kind & 0x80 else length) + answer)

	def _serve(self):
		self._take(struct.unpack("<III", self._take(12))[1])  # QEMU's hello
		self._introduce()
		while True:
			head = self._take(16)
			if not head:
				return
			kind, size, number = struct.unpack("<IIQ", head)
			body = self._take(size) if size else b""
			if body is None:
				return
			if kind == CONTROL:
				self._control(number, body)
			elif kind == SET_CONFIGURATION:
				self._send(CONFIGURATION, number, bytes([0, body[0]]))
			elif kind == GET_CONFIGURATION:
				self._send(CONFIGURATION, number, b"\0\1")
			elif kind == SET_ALT:
				self._send(ALT, number, bytes([0, body[0], body[1]]))
			elif kind == GET_ALT:
				self._send(ALT, number, bytes([0, body[0], 0]))
			elif kind == START_INTERRUPT:
				self._send(INTERRUPT_STATUS, number, bytes([0, body[0]]))
				if body[0] == 0x81:
					self._listens.set()
			elif kind == STOP_INTERRUPT:
				self._listens.clear()
				self._send(INTERRUPT_STATUS, number, bytes([0, body[0]]))
			elif kind == BULK:
				endpoint, _, _, stream, _ = struct.unpack("<BBHIH", body[:10])
				self._send(BULK, number, struct.pack("<BBHIH", endpoint, STALL, 0, stream, 0))
