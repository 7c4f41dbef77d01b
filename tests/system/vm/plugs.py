"""What is plugged in: devices that are not what a door needs, or not what they say, and sticks."""
import os
import random
import socket
import struct

import redir
from box import Breach, control, step
from door import BUILD, SLOW, make_stick, run
from hands import refused, usb_device
from machine import Failed


# --- devices ---------------------------------------------------------------------------------------

def all_refused(b, *devices):
	for vendor, product, *interfaces in devices:
		device = redir.Device(b.machine, vendor, product, *interfaces)
		refused(b, device.name)
		device.pull()
	return "refused as devices"


@step("usb", "U1")
def networks(b):
	b.machine.do("netdev_add", type="user", id="spare", restrict=True)
	b.machine.do("device_add", driver="usb-net", id="thing", bus="usb.0", netdev="spare")
	refused(b, "0525:a4a2")
	b.machine.do("device_del", id="thing")
	return all_refused(b, (0x18D1, 0x4EE3, redir.other(0xE0, 1, 3)), (0x0BDA, 0x8152, redir.other(2, 6, 0)),
	                   (0x12D1, 0x155E, redir.other(2, 0x0D, 0)), (0x1199, 0x9041, redir.other(2, 0x0E, 0)))


STORAGE = redir.other(8, 6, 80)


@step("usb", "U2")
def two_in_one(b):
	return all_refused(b, (0x0781, 0x5567, STORAGE, redir.keyboard()),
	                   (0x046D, 0x0825, redir.other(0x0E, 1, 0), redir.other(2, 6, 0)),
	                   (0x0781, 0x5568, STORAGE, redir.other(3, 1, 2)))


@step("usb", "U14")
def what_says_it_is_a_listed_scanner_and_more(b):
	return all_refused(b, (0x0C2E, 0x0B62, redir.keyboard(), redir.other(2, 6, 0)),
	                   (0x05E0, 0x1200, redir.keyboard(), redir.other(0xE0, 1, 1)))


@step("usb", "U12")
def what_no_door_needs(b):
	for name, more in (("usb-ccid", {}), ("usb-mtp", {"rootdir": os.path.abspath(BUILD)})):
		b.machine.do("device_add", driver=name, id="thing", bus="usb.0", **more)
		refused(b, {"usb-ccid": "08e6:4433", "usb-mtp": "46f4:0004"}[name])
		b.machine.do("device_del", id="thing")
	return all_refused(b, (0x03F0, 0x0517, redir.other(7, 1, 2)), (0x17E9, 0x0436, redir.other(0xFF, 0, 0)),
	                   (0x18D1, 0x4EE7, redir.other(0xFF, 0x42, 1)), (0x1D6B, 0x0010, redir.other(0xDC, 2, 1)))


@step("usb", "U13")
def a_serial_converter(b):
	path = f"{b.machine.logs}/converter"
	b.machine.do("chardev-add", id="converter", backend={"type": "socket", "data": {
		"addr": {"type": "unix", "data": {"path": path}}, "server": True, "wait": False}})
	b.machine.do("device_add", driver="usb-serial", id="converter", chardev="converter", bus="usb.0",
	             **{"always-plugged": True})
	usb_device(b, "0403:6001")
	b.wait("its line", lambda: b.shell.run("test -e /dev/ttyUSB0")[0] == 0)
	with socket.socket(socket.AF_UNIX) as line:
		line.connect(path)
		line.sendall(b"\r\nroot\r\n\x03\x04\r\n")
		line.settimeout(5)
		try:
			said = line.recv(100)
		except TimeoutError:
			said = b""
		if said:
			raise Breach(f"it answers: {said}")
		b.same()
		b.shell.get("echo login: >/dev/ttyUSB0")
		if b"login" not in line.recv(100):
			raise Failed("nothing would have been heard")
	b.machine.do("device_del", id="converter")
	return "used, since scanners need it; nobody answers there"


@step("usb", "U11")
def in_and_out(b):
	for n in range(12):
		kind = ("usb-kbd", "usb-mouse", "usb-tablet")[n % 3]
		b.machine.do("device_add", driver=kind, id=f"thing{n}", bus="usb.0")
		if n % 4 == 3:
			for k in range(n - 3, n + 1):
				b.machine.do("device_del", id=f"thing{k}")
	b.shell.run("udevadm settle -t 60", 90)
	b.waits_for_guests()


@control("usb")
def a_device_that_is_used(b):
	"""What looks at devices is itself looked at."""
	b.machine.do("device_add", driver="usb-kbd", id="thing", bus="usb.0")
	folder = usb_device(b, "0627:0001")
	b.shell.get(f"echo 1 >{folder}/authorized; udevadm settle -t 60", 90)
	refused(b, "0627:0001")


# --- sticks ----------------------------------------------------------------------------------------

def noise(size):
	return random.Random(size).randbytes(size)


def stick(name, files=(), label="PARVIS"):
	"""FAT with (name, bytes)."""
	path = make_stick(f"{BUILD}/sticks/{name}.img")
	for file, content in files:
		with open(f"{path}.file", "wb") as f:
			f.write(content)
		run("mcopy", "-o", "-i", path, f"{path}.file", f"::{file}")
	if label != "PARVIS":
		run("fatlabel", path, label)
	return path


def raw(name, size, *parts):
	path = f"{BUILD}/sticks/{name}.img"
	with open(path, "wb") as f:
		f.truncate(size)
	return spoil(path, *parts)


def spoil(path, *parts):
	with open(path, "r+b") as f:
		for offset, data in parts:
			f.seek(offset)
			f.write(data)
	return path


MOUNTED, NOT_MOUNTED, EITHER = "mounted", "not mounted", "either"


def plug(b, path, expected=MOUNTED):
	"""In, judged, looked at by the kiosk, and out again."""
	b.machine.plug_stick(path)
	b.wait("the stick is seen", lambda: b.said("ls /sys/block | grep -c ^sd") != "0")
	b.shell.run("udevadm settle -t 60", 90)
	mounted = "grep -q ' /media/parvis' /proc/self/mountinfo"
	if expected == MOUNTED:
		b.wait("it is mounted", lambda: b.shell.run(mounted)[0] == 0)
	else:
		b.shell.run("systemctl is-system-running --wait", 30)
	if expected == NOT_MOUNTED and b.shell.run(mounted)[0] == 0:
		raise Breach("it is mounted")
	b.same()
	b.waits_for_guests(60)
	b.machine.pull_stick()
	b.wait("it is out", lambda: b.shell.run(mounted)[0] != 0)
	if b.shell.run("ls /run/parvis-was-here")[0] == 0:
		raise Breach("a program on it was run")


SCRIPT = b"#!/bin/sh\nid >/run/parvis-was-here\n"


@step("sticks", "U3")
def programs(b):
	plug(b, stick("autorun", (
		("AUTORUN.INF", b"[autorun]\r\nopen=run.sh\r\n"), ("run.sh", SCRIPT), (".autorun", SCRIPT),
		("autorun.sh", SCRIPT), ("evil.ko", b"\x7fELF" + noise(4000)),
		("x.desktop", b"[Desktop Entry]\nType=Application\nExec=/bin/sh run.sh\n"))))
	return "nothing is run; noexec, nosuid, nodev"


@step("sticks", "U15")
def names(b):
	plug(b, stick("names", (("a" * 240 + ".parvis", b"x"), ("$(reboot);`reboot`.parvis", b"x"),
	                        ("%n%n%s%s.parvis", b"x"), ("\u202eevent.parvis", b"x"), ("-rf.parvis", b"x"))))
	plug(b, stick("label", label="$(REBOOT)`"))


@step("sticks", "U4")
def setuid_and_links(b):
	tree = f"{BUILD}/sticks/tree"
	os.makedirs(tree, exist_ok=True)
	with open(f"{tree}/shell", "wb") as f:
		f.write(SCRIPT)
	os.chmod(f"{tree}/shell", 0o6755)
	for link, to in (("etc", "/etc"), ("x.parvis", "/var/lib/parvis/log.db")):
		if not os.path.islink(f"{tree}/{link}"):
			os.symlink(to, f"{tree}/{link}")
	path = raw("ext4", 16 << 20)
	run("mke2fs", "-q", "-t", "ext4", "-d", tree, path)
	plug(b, path, NOT_MOUNTED)
	return "not mounted: not FAT"


@step("sticks", "U5")
def damaged(b):
	plug(b, spoil(stick("torn", (("a.parvis", b"x" * 9000),)), (16384, noise(65536))), EITHER)
	plug(b, spoil(stick("head"), (11, b"\x00\x00\x00\xff\xff\xff\xff")), EITHER)
	plug(b, raw("exfat", 8 << 20, (3, b"EXFAT   "), (64, noise(440)), (510, b"\x55\xaa")), EITHER)
	return "ignored; the kernel lives"


@step("sticks", "U16")
def other_file_systems(b):
	for path in (raw("iso", 1 << 20, (32768, b"\x01CD001\x01" + noise(2041))),
	             raw("btrfs", 4 << 20, (65536 + 64, b"_BHRfS_M" + noise(500))),
	             raw("luks", 1 << 20, (0, b"LUKS\xba\xbe\x00\x02" + noise(4000))),
	             raw("swap", 1 << 20, (4086, b"SWAPSPACE2")),
	             raw("gpt", 1 << 20, (510, b"\x55\xaa"), (450, b"\xee"), (512, b"EFI PART" + noise(504))),
	             raw("circle", 1 << 20, (446, b"\0\0\1\0\5\xfe\xff\xff\0\0\0\0\0\x08\0\0"), (510, b"\x55\xaa"))):
		plug(b, path, NOT_MOUNTED)
	return "not mounted"


def crowd(name, files):
	"""FAT16 whose root has that many empty files, written as bytes: no tool does it in this time."""
	path = raw(name, 32 << 20)
	run("mkfs.vfat", "-F", "16", "-r", str(files * 2), path)
	with open(path, "rb") as f:
		head = f.read(64)
	at = (struct.unpack_from("<H", head, 14)[0] + head[16] * struct.unpack_from("<H", head, 22)[0]) * 512
	entries = bytearray()
	for n in range(files):
		short, long = f"E{n:05d}~1PAR".encode(), f"e{n:05d}.parvis".encode("utf-16-le")
		long = (long + b"\0\0").ljust(26, b"\xff")
		check = 0
		for c in short:
			check = ((check >> 1) | (check & 1) << 7) + c & 0xFF
		entries += b"\x41" + long[:10] + bytes([0x0F, 0, check]) + long[10:22] + b"\0\0" + long[22:26]
		entries += short[:11].ljust(11) + bytes([0x20]) + bytes(20)
	return spoil(path, (at, bytes(entries)))


@step("sticks", "U6")
def a_crowd_of_bundles(b):
	plug(b, crowd("crowd", 16000))
	return "the door goes on"


@step("sticks", "U7")
def bundles_that_are_not_its_own(b):
	with open(f"{BUILD}/event/numa.parvis", "rb") as f:
		own = f.read()
	middle = len(own) // 2
	altered = own[:middle] + bytes([own[middle] ^ 1]) + own[middle + 1:]
	plug(b, stick("bundles", (("altered.parvis", altered), ("short.parvis", own[:-100]),
	                          ("noise.parvis", noise(100000)), ("long.parvis", own + b"x"),
	                          ("foreign.parvis", foreign()))))
	return "the door is the one that it was"


def foreign():
	"""A good bundle, of somebody else's event."""
	folder = f"{BUILD}/foreign"
	if not os.path.exists(folder):
		from door import PARVIS
		run(PARVIS, "event", "new", folder, "--from", "assets/demo", "--id", "foreign")
		run(PARVIS, "kiosk", "provision", "--event", folder, "--venue", "numa", "--door", "main",
		    "--pins", "board/pins.ini", "--out", f"{folder}/numa.parvis")
	with open(f"{folder}/numa.parvis", "rb") as f:
		return f.read()


@step("sticks", "U8")
def systems_that_nobody_signed(b):
	b.machine.plug_stick(stick("system", (("evil.raucb", noise(200000)),
	                                      ("hsqs.raucb", b"hsqs" + noise(200000)))))
	b.wait("it is mounted", lambda: b.shell.run("grep -q ' /media/parvis' /proc/self/mountinfo")[0] == 0)
	before = b.said("parvis-slot status")
	b.shell.run("systemctl start parvis-update; for f in /media/*/*.raucb; do ! rauc install $f || "
	            "echo taken >/run/parvis-was-here; done", SLOW)
	if b.said("parvis-slot status") != before or b.shell.run("test -e /run/parvis-was-here")[0] == 0:
		raise Breach("one was taken")
	b.machine.pull_stick()
	b.wait("it is out", lambda: b.shell.run("grep -q ' /media/parvis' /proc/self/mountinfo")[0] != 0)
	return "refused; the slots are as they were"


@step("sticks", "U10")
def pulled_out_at_once(b):
	path = stick("pulled", (("a.parvis", noise(30000)),))
	for n in range(4):
		b.machine.plug_stick(path)
		if n % 2:
			b.wait("it is mounted", lambda: b.shell.run("grep -q ' /media/parvis' /proc/self/mountinfo")[0] == 0)
		b.machine.pull_stick()
		b.wait("it is out", lambda: b.shell.run("grep -q ' /media/parvis' /proc/self/mountinfo")[0] != 0)
	return "the door goes on"


@control("sticks")
def a_stick_that_may_run_programs(b):
	b.shell.get("mkdir -p /media/planted && mount -t tmpfs tmpfs /media/planted")
