"""One QEMU machine: started, spoken to over QMP, killed. Nothing of it is left behind when the
program ends. A machine is used by one thread."""
import atexit
import collections
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time

PORTS = ("shell", "lamps")  # of virtio-serial: /dev/virtio-ports/parvis.NAME in the guest
SIZE = (800, 480)           # of the screen, in pixels
TOUCH_MAX = 0x7FFF          # QMP's axes, whatever the screen's size
TICKS = os.sysconf("SC_CLK_TCK")
# Limits are for a host with a core for the machine; on a busier one they are this many times as long.
PATIENCE = float(os.environ.get("PARVIS_PATIENCE", "1"))


class Failed(Exception):
	"""Something did not come about in time, or the machine refused."""


def wait_until(what, seconds, condition, pause=0.2):
	"""What condition() gives as soon as that is true; Failed after so many seconds."""
	end = time.monotonic() + seconds * PATIENCE
	while True:
		got = condition()
		if got:
			return got
		if time.monotonic() > end:
			raise Failed(f"{what}: not within {seconds * PATIENCE:.0f} s")
		time.sleep(pause)


def find_qemu(builder):
	"""QEMU with a multitouch screen: this host's where it is new enough (8.1), else the builder's,
	a Debian 13, run by its own loader so that every path means the same to it."""
	own = shutil.which("qemu-system-x86_64")
	if own:
		known = subprocess.run([own, "-M", "q35", "-device", "help"], capture_output=True, text=True)
		if "virtio-multitouch-pci" in known.stdout:
			return [own]
	lib = f"{builder}/usr/lib/x86_64-linux-gnu"
	if not os.path.exists(f"{builder}/usr/bin/qemu-system-x86_64"):
		raise Failed(f"no QEMU with a multitouch screen, neither here nor in {builder}")
	os.environ["QEMU_MODULE_DIR"] = f"{lib}/qemu"
	return [f"{builder}/lib64/ld-linux-x86-64.so.2", "--library-path", f"{lib}:{lib}/pulseaudio",
	        f"{builder}/usr/bin/qemu-system-x86_64", "-L", f"{builder}/usr/share/qemu",
	        "-L", f"{builder}/usr/share/seabios"]


def credential(name, path):
	"""An addition to the guest that is no part of its image: systemd reads this file from the
	machine's firmware. QEMU wants names shorter than 56 characters."""
	whole = f"opt/io.systemd.credentials/{name}"
	if len(whole) > 55:
		raise Failed(f"{name} is too long a name")
	return ["-fw_cfg", f"name={whole},file={path}"]


def hardware(clock):
	"""What a door has: a screen to touch, a network, USB, a watchdog. The clock's first moment is
	given, so that the event is tonight. The processor is the least that Debian's libraries have a
	fast path for: every feature more costs the emulation. There is one, and its time passes with what
	it does, two nanoseconds an instruction: where this host has other things to do the machine
	is slower to look at, but no watchdog of its own strikes."""
	return ["-M", "pc", "-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=1",
	        "-smp", "1", "-m", "1024",
	        "-cpu", "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt", "-nodefaults", "-display", "none",
	        "-rtc", f"base={clock},clock=vm",
	        "-device", f"virtio-vga,xres={SIZE[0]},yres={SIZE[1]}",
	        "-device", "virtio-multitouch-pci,id=touch",
	        "-device", "qemu-xhci,id=usb",
	        "-device", "i6300esb,id=watchdog", "-action", "watchdog=reset",
	        "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=nic",
	        "-device", "virtio-rng-pci"]


class Machine:
	def __init__(self, qemu, arguments, logs):
		"""logs: a directory for what the machine and its kernel say."""
		os.makedirs(logs, exist_ok=True)
		self.logs = logs
		self.events = []
		self._touches = 0
		self._sockets = tempfile.mkdtemp(prefix="parvis-vm-")
		ports = []
		for name in PORTS:
			ports += ["-chardev", f"socket,id={name},path={self._sockets}/{name},server=on,wait=off",
			          "-device", f"virtserialport,chardev={name},name=parvis.{name}"]
		argv = qemu + arguments + ["-device", "virtio-serial-pci"] + ports + [
			"-qmp", f"unix:{self._sockets}/qmp,server=on,wait=off",
			"-chardev", f"socket,id=console,path={self._sockets}/console,server=on,wait=off,"
			f"logfile={logs}/console", "-serial", "chardev:console"]
		self._said = open(f"{logs}/qemu", "wb")
		self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._said,
		                                stderr=self._said)
		atexit.register(self.kill)
		self._qmp = self.port("qmp").makefile("rw")
		self._read_qmp()  # the greeting
		self.do("qmp_capabilities")

	# --- its life --------------------------------------------------------------------------------

	def alive(self):
		return self.process.poll() is None

	def kill(self):
		"""The plug is pulled."""
		if self.alive():
			self.process.kill()
		self.process.wait()
		shutil.rmtree(self._sockets, ignore_errors=True)
		atexit.unregister(self.kill)

	def cpu_seconds(self):
		"""What the emulation has cost this host so far."""
		with open(f"/proc/{self.process.pid}/stat") as stat:
			fields = stat.read().rsplit(")", 1)[1].split()
		return (int(fields[11]) + int(fields[12])) / TICKS

	def port(self, name):
		"""A connected socket to one of PORTS; "console" is a cable in the serial one."""
		path = f"{self._sockets}/{name}"

		def connect():
			if not self.alive():
				raise Failed("QEMU has ended: " + self._last_words())
			s = socket.socket(socket.AF_UNIX)
			try:
				s.connect(path)
				return s
			except OSError:
				s.close()
				return None

		return wait_until(f"a connection to {name}", 20, connect, 0.05)

	# --- QMP -------------------------------------------------------------------------------------

	def _read_qmp(self):
		try:
			line = self._qmp.readline()
		except OSError:
			line = ""
		if not line:
			self.process.wait(5)
			raise Failed("QEMU has ended: " + self._last_words())
		return json.loads(line)

	def _last_words(self):
		with open(f"{self.logs}/qemu", errors="replace") as said:
			return said.read()[-2000:]

	def do(self, command, **arguments):
		"""One command of QMP; Failed where QEMU refuses."""
		self._qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
		self._qmp.flush()
		while True:
			answer = self._read_qmp()
			if "event" in answer:
				self.events.append(answer)
			elif "error" in answer:
				raise Failed(f"{command}: {answer['error']['desc']}")
			else:
				return answer["return"]

	def saw(self, event):
		"""Whether QEMU has told of such an event (RESET, WATCHDOG, SHUTDOWN, ...)."""
		self.do("query-status")
		return any(e["event"] == event for e in self.events)

	def save(self, name):
		"""Memory and disks under this name, in the machine's first disk."""
		said = self.do("human-monitor-command", **{"command-line": f"savevm {name}"})
		if said.strip():
			raise Failed(f"savevm: {said}")

	# --- what a person does ----------------------------------------------------------------------

	def touch(self, x, y):
		"""A finger on this pixel or the next, and off again. No finger meets the same row or column twice:
		the kernel does not tell what is as it was, and a program that has opened the screen since would
		not know it. Where the last finger before a snapshot was is not known: the first one goes nowhere."""
		if not self._touches:
			self._touches = 1
			self.touch(SIZE[0] // 2, 2)
		self._touches += 1
		x, y = x + self._touches % 2, y + self._touches % 2
		def finger(kind, axis="x", value=0, identity=1):
			return {"type": "mtt", "data": {"type": kind, "slot": 0, "tracking-id": identity,
			                                "axis": axis, "value": value}}

		def contact(down):
			return {"type": "btn", "data": {"down": down, "button": "touch"}}

		self.do("input-send-event", events=[
			finger("begin"), finger("data", "x", x * TOUCH_MAX // SIZE[0]),
			finger("data", "y", y * TOUCH_MAX // SIZE[1]), contact(True)])
		time.sleep(0.15)
		self.do("input-send-event", events=[finger("end", identity=-1), contact(False)])

	def press(self, *keys):
		"""Keys of a USB keyboard, one after the other, by QEMU's names."""
		for key in keys:
			self.do("send-key", keys=[{"type": "qcode", "data": key}])
			time.sleep(0.15)

	def plug_stick(self, path):
		"""A USB stick whose bytes are that file's."""
		self.do("blockdev-add", driver="raw", **{"node-name": "stick",
		        "file": {"driver": "file", "filename": os.path.abspath(path)}})
		self.do("device_add", driver="usb-storage", id="stick", drive="stick", bus="usb.0",
		        removable=True)

	def pull_stick(self):
		"""Pulled out, as people do: nobody is asked."""
		self.do("device_del", id="stick")

		def gone():
			try:
				self.do("blockdev-del", **{"node-name": "stick"})
				return True
			except Failed:
				return False

		wait_until("the stick is out", 20, gone)

	def link(self, up):
		"""The network cable."""
		self.do("set_link", name="nic", up=up)

	# --- the screen ------------------------------------------------------------------------------

	def screenshot(self, path):
		self.do("screendump", filename=os.path.abspath(path), format="png")

	def _pixels(self):
		"""(width, bytes of red, green, blue) of what stands there now."""
		path = f"{self._sockets}/screen.ppm"
		self.do("screendump", filename=path)
		with open(path, "rb") as f:
			data = f.read()
		width, height = (int(n) for n in data.split(b"\n", 2)[1].split())
		return width, data[len(data) - width * height * 3:]

	def look(self):
		"""A function of x and y: the (red, green, blue) that was there now."""
		width, data = self._pixels()
		return lambda x, y: tuple(data[(y * width + x) * 3:(y * width + x) * 3 + 3])

	def pixel(self, x, y):
		"""(red, green, blue) of this pixel, now."""
		return self.look()(x, y)

	def colours(self):
		"""{(red, green, blue): its share of the screen} of a dot in every fourth of a row and column."""
		width, data = self._pixels()
		found = collections.Counter(
			tuple(data[i:i + 3]) for row in range(0, len(data), width * 12)
			for i in range(row, row + width * 3, 12))
		return {colour: n / found.total() for colour, n in found.items()}


class Shell:
	"""The root shell that is injected as a unit (door.py). One command at a time."""

	def __init__(self, machine):
		self.machine = machine
		self._socket = machine.port("shell")
		self._buffer = b""
		self._number = 0

	def wait(self, seconds):
		"""Until it answers; Failed if it does not."""
		tag = 0

		def answers():
			nonlocal tag
			tag += 1
			self._socket.sendall(b"echo here-%d-$((40+2))\n" % tag)
			return self._read(b"-42\n", 2) is not None

		wait_until("the guest's shell answers", seconds, answers, 0)
		while self._read(b"-42\n", 0.5) is not None:
			pass  # answers to those that were asked too early
		self._buffer = b""

	def run(self, command, seconds=60):
		"""(status, output) of a command; Failed where it takes longer."""
		self._number += 1
		mark = f"@{self._number}@"
		self._socket.sendall(
			f"{{ {command}\n}} </dev/null 2>&1\necho \"{mark[:1]}{self._number}@$?.\"\n".encode())
		out = self._read(mark.encode(), seconds)
		if out is None:
			raise Failed(f"not within {seconds} s: {command}\n{self._buffer.decode(errors='replace')}")
		status = self._read(b".\n", 10) or b"-1"
		return int(status), out.decode(errors="replace").strip()

	def try_run(self, command, seconds):
		"""The output of a command, or nothing where nobody answers yet; both ends begin anew then."""
		try:
			return self.run(command, seconds)[1]
		except Failed:
			self._buffer = b""
			return ""

	def get(self, command, seconds=60):
		"""The output of a command that has to succeed."""
		status, out = self.run(command, seconds)
		if status:
			raise Failed(f"status {status}: {command}\n{out}")
		return out

	def _read(self, mark, seconds):
		end = time.monotonic() + seconds * PATIENCE
		while mark not in self._buffer:
			left = end - time.monotonic()
			if left <= 0 or not select.select([self._socket], [], [], left)[0]:
				return None
			got = self._socket.recv(65536)
			if not got:
				return None
			self._buffer += got
		out, self._buffer = self._buffer.split(mark, 1)
		return out
