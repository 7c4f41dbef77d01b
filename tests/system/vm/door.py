"""A box at a door, in a machine: what it is booted from, what is given to it, what its lamps show.

The image is the one that ships. What a test adds comes from outside: units as systemd credentials
of the firmware, programs and drivers on a disk of their own."""
import base64
import contextlib
import datetime
import io
import json
import os
import re
import select
import shlex
import shutil
import struct
import subprocess
import tarfile
import tempfile
import time

import machine
from machine import Failed, wait_until

BUILD = os.environ.get("PARVIS_SYSTEM", "build/system/look")
IMAGE = os.environ.get("PARVIS_IMAGE", "build/image/amd64/parvis-amd64.img")
BUILDER = os.environ.get("PARVIS_GUEST", "build/guest13")
PARVIS = "build/release/parvis"
KIOSK = "build/release/parvis-kiosk"
TOOLS = "build/release/tests/tools"
DEMO_KEY = "b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e"
HOST = "10.0.2.2"  # this host, as QEMU's network shows it
BROKER_PORT = 8883
SLOW = 180         # seconds for what takes one or two where nothing else runs
BOOT = 300         # seconds that a boot may take where other things run too; it takes 40 alone

# What is injected: one unit, and a mount that nobody needs, which asks for it. Names of other units'
# drop-ins do not fit into the firmware's.
FSTAB = ("tmpfs /run/parvis-wants tmpfs "
         "nofail,size=4k,x-systemd.wanted-by=multi-user.target,x-systemd.requires=t.service 0 0\n")
UNIT = """[Unit]
Description=The system test's devices and shell
DefaultDependencies=no
After=systemd-udevd.service local-fs.target systemd-tmpfiles-setup.service
StartLimitIntervalSec=0
Before=parvis-kiosk.service
Wants=systemd-udev-load-credentials.service
[Service]
Type=notify
NotifyAccess=all
TimeoutStartSec=180
ExecStart=/bin/sh -c 'd=/run/parvis-test; i=/dev/disk/by-id/virtio-parvis-tools; \
if ! mountpoint -q $$d; then until [ -e $$i ]; do sleep 0.2; done; \
mkdir -p $$d; mount -o ro $$i $$d; sh $$d/setup.sh; fi; systemd-notify --ready; \
exec sh <>/dev/virtio-ports/parvis.shell >&0 2>&1'
Environment=HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
KillMode=process
Restart=always
RestartSec=500ms
"""

# For Door(units=...): the data partition is not there until late() says so.
LATE = ("udev.rules.99-late", 'KERNEL=="vda4", ENV{SYSTEMD_READY}="0"\n')

LAMPS = {"17": "green", "27": "amber", "22": "red", "18": "buzzer", "25": "door"}
BUTTONS = {"plus": 16, "volunteer": 23, "help": 24}

# Where a finger goes on a screen of 800x480, in French.
SPOTS = {
	"become this door": (120, 432),
	"no ticket": (118, 432),
	"help": (258, 432),
	"volunteer": (731, 432),
	"back": (69, 432),
	"1": (473, 108), "2": (596, 108), "3": (718, 108), "4": (473, 206), "5": (596, 206),
	"6": (718, 206), "7": (473, 305), "8": (596, 305), "9": (718, 305), "0": (596, 403),
	"confirm": (718, 403),
	"+1": (71, 430), "-1": (176, 430), "stick": (532, 105), "quit": (729, 430),
	"copy the log": (108, 432), "back from the stick": (248, 432),
}


def run(*argv, **more):
	"""A program of this host, which has to succeed."""
	done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **more)
	if done.returncode:
		raise Failed(f"{' '.join(str(a) for a in argv)}: {done.returncode}\n{done.stdout}{done.stderr}")
	return done.stdout


# --- the event: tonight ---------------------------------------------------------------------------

def tonight(hour):
	"""The machine's clock at its start: the event is on the day that the test runs, since a box does
	not believe in a time before its image was made."""
	return f"{datetime.date.today()}T{hour}"


def make_event(folder):
	"""The demo event, tonight, with the demo's keys, a broker on this host, and one box's bundle."""
	shutil.rmtree(folder, ignore_errors=True)
	shutil.copytree("assets/demo", folder, ignore=shutil.ignore_patterns("pictures"))
	os.mkdir(f"{folder}/keys", 0o700)
	with open(os.open(f"{folder}/keys/issuing.key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
		key.write(DEMO_KEY + "\n")
	with open(f"{folder}/event.ini") as f:
		text = f.read()
	text = re.sub(r"^(opens|closes) = \S+T", rf"\1 = {datetime.date.today()}T", text, flags=re.M)
	with open(f"{folder}/event.ini", "w") as f:
		f.write(text + f"\n[sync]\nbrokers = mqtts://{HOST}:{BROKER_PORT}\n")
	run(PARVIS, "roster", "import", "--event", folder, "assets/demo/roster.csv")
	run(PARVIS, "event", "broker", "--event", folder, "--host", HOST, "--host", "127.0.0.1",
	    "--port", BROKER_PORT, "--out", f"{folder}/broker")
	run(PARVIS, "kiosk", "provision", "--event", folder, "--venue", "numa", "--door", "main",
	    "--pins", "board/pins.ini", "--out", f"{folder}/numa.parvis")


def ticket(seed):
	return run(f"{TOOLS}/ticket", seed, 1, 0).strip()


def forged(seed):
	"""A ticket with one character of its signature changed."""
	text = ticket(seed)
	return text[:20] + ("B" if text[20] == "A" else "A") + text[21:]


def paint(path, text, *settings):
	"""What the camera sees of somebody who holds this code up."""
	run(f"{TOOLS}/paint", path, text, "width=320", "height=240", "size=0.8", "blur=0.4", "noise=1",
	    *settings)


# --- disks ----------------------------------------------------------------------------------------

def make_tools(pictures, first="nobody", more=None):
	"""The disk of programs, drivers and pictures: {name: code}, and nobody; what the camera sees at
	the start is the first. Without pictures there is no camera. More files go to its top,
	{name: file}."""
	folder, disk = f"{BUILD}/tools", f"{BUILD}/tools.img"
	shutil.rmtree(folder, ignore_errors=True)
	shutil.copytree(f"{BUILDER}/src/tools", folder)
	os.mkdir(f"{folder}/pictures")
	if pictures:
		paint(f"{folder}/pictures/nobody.png", "out of the picture", "x=5")
		for name, code in pictures.items():
			paint(f"{folder}/pictures/{name}.png", code)
		shutil.copy(f"{folder}/pictures/{first}.png", f"{folder}/pictures/first.png")
	for name, file in (more or {}).items():
		shutil.copy(file, f"{folder}/{name}")
	if os.path.exists(disk):
		os.unlink(disk)
	run("mke2fs", "-q", "-t", "ext4", "-d", folder, disk, "320M" if more else "64M")
	return disk


def make_overlay(name, base=IMAGE, size=None):
	"""A disk that begins as the image and keeps what is written to it, in BUILD/NAME.qcow2; as large
	as the image, or of a size."""
	path = f"{BUILD}/{name}.qcow2"
	if os.path.exists(path):
		os.unlink(path)
	kind = "qcow2" if base.endswith(".qcow2") else "raw"
	run("qemu-img", "create", "-q", "-f", "qcow2", "-b", os.path.abspath(base), "-F", kind, path,
	    *([size] if size else []))
	return path


def make_box(event):
	"""The image of a box that is a door of this event already, as if a person had agreed to its bundle:
	BUILD/box.img. evening.py has the person."""
	path, data, script = f"{BUILD}/box.img", f"{BUILD}/box", f"{BUILD}/box.script"
	shutil.rmtree(data, ignore_errors=True)
	with open(script, "w") as f:
		f.write("expect adopt ask\ntap Devenir cette porte\nat 17:40:00\nexpect present 0\n")
	run(KIOSK, "--data", data, "--bundle", f"{event}/numa.parvis", "--offscreen", "--mute", "--script", script)
	run("cp", "--sparse=always", IMAGE, path)
	commands = []
	for folder, _, files in os.walk(data):
		place = "/parvis" + folder[len(data):]
		commands += [f"mkdir {place}"] if folder != data else []
		for name in files:
			commands += [f"write {folder}/{name} {place}/{name}"]
	run("debugfs", "-w", "-f", "-", f"{path}?offset={partition(IMAGE, 4)[0]}", input="\n".join(commands))
	return path


def make_stick(path, files=(), size="64M"):
	"""A USB stick's bytes: FAT32 with these files."""
	if os.path.exists(path):
		os.unlink(path)
	run("truncate", "-s", size, path)
	run("mkfs.vfat", "-F", "32", "-n", "PARVIS", path)
	for file in files:
		run("mcopy", "-i", path, file, "::")
	return path


@contextlib.contextmanager
def opened(disk):
	"""A disk of make_overlay() as one file of its bytes, while no machine runs on it."""
	view = f"{disk}.view"
	open(view, "wb").close()
	daemon = subprocess.Popen(
		["qemu-storage-daemon", "--blockdev", f"driver=file,node-name=file,filename={disk}",
		 "--blockdev", "driver=qcow2,node-name=disk,file=file", "--export",
		 f"type=fuse,id=view,node-name=disk,mountpoint={os.path.abspath(view)},writable=on"],
		stdin=subprocess.DEVNULL)
	try:
		wait_until("the disk can be read", 20, lambda: os.path.getsize(view) > 0)
		yield view
	finally:
		daemon.terminate()
		daemon.wait()
		os.unlink(view)


def partition(path, number):
	"""(offset, bytes) of a partition of 1 to 4."""
	with open(path, "rb") as f:
		table = f.read(512)[446:510]
	start, length = struct.unpack_from("<II", table, 16 * (number - 1) + 8)
	return start * 512, length * 512


@contextlib.contextmanager
def kernel_words(disk, words):
	"""These words on the kernel's command line of machines on this disk: board/boot/boot.cmd takes
	them from a file of the boot partition, on QEMU alone."""
	def write(text):
		with opened(disk) as view, tempfile.NamedTemporaryFile("w") as f:
			f.write(text)
			f.flush()
			run("mcopy", "-o", "-i", f"{view}@@{partition(view, 1)[0]}", f.name, "::test.env")

	write(f"extra={words}\n")
	try:
		yield
	finally:
		write("extra=\n")


# --- the door -------------------------------------------------------------------------------------

class Lamps:
	"""The lines of the guest's GPIO chip, as somebody in front of the box sees them."""

	def __init__(self, m):
		self._socket = m.port("lamps")
		self._rest = b""
		self.lit = set()
		self.log = []  # (our time, what is lit)
		self.seen = set()

	def look(self, seconds=0):
		"""Takes in what has happened, waiting so long for the first of it."""
		while select.select([self._socket], [], [], seconds)[0]:
			got = self._socket.recv(65536)
			if not got:
				return
			seconds = 0
			*lines, self._rest = (self._rest + got).split(b"\n")
			for line in lines:
				words = line.decode().split()
				self.lit = {LAMPS[n] for n in words[1:] if n in LAMPS}
				self.seen |= self.lit
				self.log.append((time.monotonic(), frozenset(self.lit)))

	def forget(self):
		"""What was lit so far does not count."""
		self.look()
		self.seen = set(self.lit)

	def shows(self, lamp, seconds):
		"""Whether this lamp is lit within so long, or was since forget()."""
		end = time.monotonic() + seconds * machine.PATIENCE
		self.look()
		while lamp not in self.seen:
			left = end - time.monotonic()
			if left <= 0:
				return False
			self.look(left)
		return True

	def dark(self, seconds):
		"""Whether all is off within so long."""
		end = time.monotonic() + seconds * machine.PATIENCE
		self.look()
		while self.lit and time.monotonic() < end:
			self.look(max(0, end - time.monotonic()))
		return not self.lit


GREEN = (0x0A, 0x6B, 0x38)   # the welcome's ground
RED = (0xB3, 0x14, 0x1A)     # that of who may not come in
NIGHT = (0x10, 0x20, 0x3A)   # that of screens that wait
PANEL = (0x1A, 0x2F, 0x52)   # of what lies on it
ACTION = (0x1F, 0x5F, 0xD0)  # the colour of the first control
WHITE = (0xFF, 0xFF, 0xFF)

# How a screen is known: a few of its places, by colour.
PAGES = {
	"offer": (((34, 425), ACTION), ((615, 432), WHITE)),
	"scan": (((34, 425), ACTION), ((150, 412), ACTION), ((412, 432), WHITE)),
	"welcome": (((34, 425), GREEN), ((700, 300), GREEN)),
	"refused": (((34, 425), RED), ((700, 300), RED)),
	"pin": (((670, 370), ACTION), ((135, 432), NIGHT)),
	"headcount": (((34, 425), ACTION), ((150, 412), PANEL)),
	"stick": (((34, 425), ACTION), ((150, 412), ACTION), ((770, 290), PANEL)),
	"copied": (((34, 425), PANEL), ((770, 290), PANEL), ((412, 432), NIGHT)),
}


class Door:
	"""A machine with the box in it, its shell and its lamps."""

	def __init__(self, name, disk, tools, resume=None, clock="17:50:00", units=(), wait=True, more=()):
		"""disk: of make_overlay(). resume: the name of a snapshot in it. units: more credentials,
		as (name, text). more: what else is plugged into the machine, as options of QEMU."""
		self.name = name
		self.logs = f"{BUILD}/{name}"
		rom = os.environ.get("PARVIS_ROM", f"{os.path.dirname(IMAGE)}/u-boot.rom")
		arguments = machine.hardware(tonight(clock)) + (["-bios", rom] if rom else []) + [
			"-drive", f"file={disk},if=none,id=disk,format=qcow2,cache=writeback",
			"-device", "virtio-blk-pci,drive=disk,bootindex=1",
			"-drive", f"file={tools},if=none,id=tools,format=raw,readonly=on",
			"-device", "virtio-blk-pci,drive=tools,serial=parvis-tools"]
		os.makedirs(self.logs, exist_ok=True)
		for unit, text in (("fstab.extra", FSTAB),
		                   ("systemd.extra-unit.t.service", UNIT), *units):
			path = f"{self.logs}/{unit}"
			with open(path, "w") as f:
				f.write(text)
			arguments += machine.credential(unit, path)
		arguments += [*more, *shlex.split(os.environ.get("PARVIS_QEMU_MORE", ""))]
		if resume:
			arguments += ["-loadvm", resume]
		self.machine = machine.Machine(machine.find_qemu(BUILDER), arguments, self.logs)
		self.lamps = Lamps(self.machine)
		self.shell = machine.Shell(self.machine)
		if wait:
			self.shell.wait(BOOT)
			if not resume and self.shell.run("test -e /run/parvis-lines/sim_gpio17")[0]:
				raise Failed(f"no lamps: the drivers in {BUILDER} are another kernel's? Remove it.")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.machine.kill()

	# --- looking ---------------------------------------------------------------------------------

	def shot(self, name):
		self.machine.screenshot(f"{self.logs}/{name}.png")

	def journal(self):
		"""The journal, kept beside the screenshots."""
		text = self.shell.run("journalctl -b --no-pager -o short-monotonic", 120)[1]
		with open(f"{self.logs}/journal", "w") as f:
			f.write(text)
		return text

	def console(self):
		"""What U-Boot and the kernel have said so far."""
		with open(f"{self.logs}/console", errors="replace") as f:
			return f.read()

	def copy_log(self, folder):
		"""The box's log as its files are at this moment, in a folder here."""
		shutil.rmtree(folder, ignore_errors=True)
		os.makedirs(folder)
		packed = self.shell.get("cd /var/lib/parvis && tar -cf - log.db* | gzip -1 | base64 -w0")
		with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed))) as files:
			files.extractall(folder)
		return folder

	def rows(self):
		"""What the log says, a dictionary a row. The kiosk goes on writing meanwhile, so a copy may
		be torn: then another is made."""
		def read():
			try:
				out = run(PARVIS, "log", "--json", "--data", self.copy_log(f"{self.logs}/data"))
			except Failed:
				return None
			return [json.loads(line) for line in out.splitlines()]
		return wait_until("the log can be read", 30, lambda: (rows := read()) is not None and [rows])[0]

	def shows(self, page, seconds):
		"""Whether one of PAGES stands on the screen within so long."""
		def close(have, wanted):
			return all(abs(a - b) <= 12 for a, b in zip(have, wanted))

		def stands():
			at = self.machine.look()
			return all(close(at(*place), colour) for place, colour in PAGES[page])
		try:
			return wait_until(page, seconds, stands)
		except Failed:
			return False

	def expect(self, page, seconds=SLOW):
		if not self.shows(page, seconds):
			raise Failed(f"the screen does not show {page}")

	def shows_words(self, seconds):
		"""Whether a screen without a control stands there within so long: its ground, and words on it."""
		def words():
			share = self.machine.colours()
			return 0.5 < share.get(NIGHT, 0) < 0.98 and ACTION not in share
		try:
			return wait_until("words", seconds, words)
		except Failed:
			return False

	def counts(self):
		"""How many rows let somebody in."""
		return sum(r["verdict"] in ("ADMIT", "READMIT", "MOVED") for r in self.rows())

	def waits_for_guests(self, seconds):
		"""Whether its screen for guests comes within so long."""
		return self.shows("scan", seconds)

	# --- doing -----------------------------------------------------------------------------------

	def tap(self, *spots):
		for spot in spots:
			self.machine.touch(*SPOTS[spot])
			time.sleep(0.4)

	def volunteer(self):
		"""From the screen for guests to the volunteers' figures. Each page is waited for: a finger is meant
		for what it sees."""
		self.expect("scan")
		self.tap("volunteer")
		self.expect("pin")
		self.tap("2", "0", "1", "6", "confirm")
		self.expect("headcount")

	def push(self, button):
		"""Closes a button's contact for a moment."""
		pull = f"/run/parvis-lines/sim_gpio{BUTTONS[button]}/pull"
		self.shell.get(f"echo pull-down >{pull}; sleep 0.2; echo pull-up >{pull}")

	def late(self):
		"""The data partition of LATE comes."""
		self.shell.get("rm /run/udev/rules.d/99-late.rules && udevadm control --reload && "
		               "udevadm trigger --action=add /dev/vda4")

	def hold_up(self, picture):
		"""What is before the camera from now on; "nobody" clears it."""
		self.shell.get(f"echo pictures/{picture}.png >/run/parvis-film")

	def become(self, stick):
		"""From nothing to the door that the bundle on a stick says, as a person would do it."""
		self.machine.plug_stick(stick)
		self.expect("offer")
		self.shot("offer")
		self.tap("become this door")
		self.expect("scan")
		self.machine.pull_stick()
