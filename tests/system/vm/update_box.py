#!/usr/bin/python3
"""Updates of a booted box, seen from outside: a stick brings a signed system, which is taken when no
event is on, starts, proves itself and is kept with every row; the network brings one that does not work,
which is tried three times and left by itself. Also what surrounds that: the clock comes from the
network, the data partition has grown to its disk. Speaks TAP."""
import calendar
import datetime
import functools
import http.server
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import door
from door import BUILD, HOST, IMAGE, SLOW, Door, run
from machine import PATIENCE, Failed, wait_until
from tap import Tap

EVENT = f"{BUILD}/event"
KEYS = os.environ.get("PARVIS_KEYS", "build/keys")
UPDATER = os.environ.get("PARVIS_UPDATER", "build/updater")
DISK_MIB = 4096
NTP_EPOCH = 2208988800  # of 1970, in seconds since 1900
tap = Tap()


# --- the time, from the network ----------------------------------------------------------------------

class TimeServer:
	"""Answers whoever asks what time it is (RFC 4330), with a time that is set here; nobody before that."""

	def __init__(self):
		self._offset = None
		self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		self._socket.bind(("127.0.0.1", 123))
		threading.Thread(target=self._serve, daemon=True).start()

	def say(self, day, hour):
		"""It is this hour (UTC) of today or of a day after it, from now on."""
		date = datetime.date.today() + datetime.timedelta(days=day)
		self._offset = calendar.timegm(date.timetuple()) + hour * 3600 - time.time()

	def _serve(self):
		while True:
			asked, who = self._socket.recvfrom(512)
			if self._offset is None:
				continue
			now = time.time() + self._offset + NTP_EPOCH
			stamp = struct.pack(">II", int(now), int(now % 1 * 2**32))
			self._socket.sendto(struct.pack(">BBbbII4s", 0x24, 1, 6, -20, 0, 0, b"TEST") + stamp +
			                    asked[40:48] + stamp + stamp, who)


# Where a box asks: what its network does not tell it here.
ASKS_US = ("tmpfiles.extra", "d /run/systemd/timesyncd.conf.d 0755\n"
           f"f /run/systemd/timesyncd.conf.d/test.conf 0644 - - - [Time]\\nNTP={HOST}\\n\n")


# --- systems, from the network -----------------------------------------------------------------------

class WebServer:
	"""Serves a folder, from a port that the kernel chooses, and knows what was asked for."""

	def __init__(self, folder):
		self.asked = asked = []

		class Handler(http.server.SimpleHTTPRequestHandler):
			def log_request(self, *_):
				asked.append(f"{self.command} {self.path}")

		server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
		self.port = server.server_port
		threading.Thread(target=server.serve_forever, daemon=True).start()


def set_options(disk, text):
	"""What the owner of a box writes on its card."""
	partition = f"{disk}@@{door.partition(IMAGE, 1)[0]}"
	with open(f"{BUILD}/options", "w") as f:
		f.write(text)
	run("mmd", "-i", partition, "::parvis")
	run("mcopy", "-i", partition, f"{BUILD}/options", "::parvis/options")
	return disk


# --- other systems -----------------------------------------------------------------------------------

def version_after(seconds):
	"""The version of an image that was made so much later than the one under test."""
	name = "{}/{}.manifest".format(os.path.dirname(IMAGE), os.path.basename(IMAGE))
	with open(name) as f:
		number, stamp = re.search(r"^version (\S+)\+(\d+)$", f.read(), re.M).groups()
	made = datetime.datetime.strptime(stamp, "%Y%m%d%H%M%S") + datetime.timedelta(seconds=seconds)
	return f"{number}+{made:%Y%m%d%H%M%S}"


def edit(system, *commands):
	"""Changes in the file system of a slot, in debugfs' words."""
	for command in commands:
		run("debugfs", "-w", "-R", command, system)


def put(system, path, text, mode="0100644"):
	"""A file in the place of the one that is there."""
	with open(f"{BUILD}/put", "w") as f:
		f.write(text)
	edit(system, f"rm {path}", f"write {BUILD}/put {path}", f"sif {path} mode {mode}")


def read(system, path):
	return run("debugfs", "-R", f"cat {path}", system)


def make_bundle(name, version, change=None):
	"""The image's system as that version, with a change, in a signed bundle of its own:
	BUILD/NAME.raucb."""
	system = f"{BUILD}/{name}.ext4"
	start, length = door.partition(IMAGE, 2)
	run("dd", f"if={IMAGE}", f"of={system}", "bs=1M", f"skip={start >> 20}", f"count={length >> 20}",
	    "conv=sparse")
	was = re.search(r"VERSION_ID=(\S+)", read(system, "/usr/lib/os-release")).group(1)
	put(system, "/usr/lib/os-release", read(system, "/usr/lib/os-release").replace(was, version))
	put(system, "/etc/rauc/system.conf", read(system, "/etc/rauc/system.conf").replace(
		was.replace("+", "-"), version.replace("+", "-")))
	if change:
		change(system)
	run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc",
	    'mount --make-rprivate /; mkdir -p "$1/box" "$1/tree" "$1/keys"; mount --rbind "$2" "$1/box"; '
	    'mount --rbind . "$1/tree"; mount --rbind "$3" "$1/keys"; mount -t proc proc "$1/proc"; '
	    'mount --rbind /dev "$1/dev"; mount -t tmpfs tmpfs "$1/tmp"; root=$1; shift 3; '
	    'exec chroot "$root" env PARVIS_COMPRESSION="zstd -Xcompression-level 3" sh -eu "$@"', "sh",
	    UPDATER, BUILD, KEYS, "/tree/board/update/bundle.sh", "amd64", version, f"/box/{name}.ext4",
	    f"/box/{name}.raucb", "/keys")
	os.unlink(system)
	return f"{BUILD}/{name}.raucb"


def without_a_kiosk(system):
	"""A system whose kiosk ends as soon as it is started."""
	put(system, "/usr/bin/parvis-kiosk", "#!/bin/sh\nexit 1\n", "0100755")


# --- the box -----------------------------------------------------------------------------------------

class Box:
	def __init__(self, d):
		self.d = d
		self.green = 0

	def get(self, command, seconds=120):
		return self.d.shell.get(command, seconds)

	def slot(self):
		return re.search(r"rauc\.slot=(\w)", self.get("cat /proc/cmdline")).group(1)

	def version(self):
		return self.get(". /etc/os-release; echo $VERSION_ID")

	def tries(self, slot):
		return int(re.search(rf"^{slot}: (\d) tr", self.get("parvis-slot status"), re.M).group(1))

	def guest(self):
		"""One more comes in, by the button."""
		self.d.lamps.dark(30)
		self.d.lamps.forget()
		self.d.push("plus")
		if not self.d.lamps.shows("green", SLOW):
			raise Failed("no green for a guest")
		self.green += 1

	def proven(self):
		"""Once the health check has said yes."""
		wait_until("the health check's end", 2 * SLOW,
		           lambda: self.d.shell.run("systemctl is-active parvis-health")[1] in ("active", "failed"))
		return self.get("systemctl is-active parvis-health || true") == "active"

	def told(self):
		"""What the box's own units have said since it started."""
		return self.get("journalctl -b --no-pager -o cat -u parvis-update -u parvis-health -u rauc")

	def time_is(self, server, day, hour):
		server.say(day, hour)
		self.get("systemctl restart systemd-timesyncd")
		want = (datetime.date.today() + datetime.timedelta(days=day)).isoformat()
		wait_until("time from the network", SLOW, lambda: self.get(
			"timedatectl show -p NTPSynchronized --value; date -u +%F") == f"yes\n{want}")

	def update(self):
		"""What the timer does each minute, twice: a round installs, the next starts what is new."""
		self.get("systemctl start parvis-update", 20 * SLOW)
		self.get("systemctl start --no-block parvis-update")

	def restarted(self, slot, seconds):
		"""Once it has a shell again, in another start, from that slot."""
		end = time.monotonic() + seconds * PATIENCE
		boot, shown = self.boot, None
		while time.monotonic() < end:
			try:
				self.d.shell.wait(20)
				now = self.get("cat /proc/sys/kernel/random/boot_id", 20)
				if now not in (boot, shown):
					tap.at(f"another start, of slot {self.slot()}")
					shown = now
				if now != boot and self.slot() == slot:
					self.boot = now
					return
			except (Failed, AttributeError):
				pass
		raise Failed(f"no start from slot {slot} within {seconds} s")

	def remember_boot(self):
		self.boot = self.get("cat /proc/sys/kernel/random/boot_id")


def kept(box, what):
	rows = box.d.rows()
	found = sum(r["verdict"] == "ADMIT" for r in rows)
	tap.equal(f"{what}: every green so far is in the log", box.green, found)


def starts(d):
	"""The slots that U-Boot has started so far, in turn."""
	return re.findall(r"slots: starting (\w)", d.console())


def opening(d):
	"""The first start of a card that is larger than its image."""
	box = Box(d)
	d.expect("scan")
	box.guest()
	tap.check("a system that has proven itself says so", box.proven(), box.told())
	tap.equal("and has all its tries", 9, box.tries("A"))
	wait_until("the data partition has grown", SLOW, lambda: box.get("cat /data/disk-sectors 2>/dev/null || true"))
	size = int(box.get("df --output=size -m /data | tail -n 1"))
	tap.check(f"the data partition has grown to its disk: {size} MiB of {DISK_MIB}", size > DISK_MIB - 2100)
	tap.equal("the look for updates is on", "active", box.get("systemctl is-active parvis-update.timer"))
	return box


def not_during_the_event(box, server, web):
	def waits():
		box.get("systemctl start parvis-update", 600)
		return "exec-condition" in " ".join(box.told().splitlines()[-3:])

	tap.check("a bundle waits while nobody vouches for the clock", waits(), box.told())
	box.time_is(server, 0, 19)
	tap.check("and while the event is on, by the network's time", waits(), box.told())
	tap.equal("nothing was installed", "bad", box.get("parvis-slot get-state B"))
	box.get("systemctl start parvis-fetch", 600)
	tap.equal("nor was the network asked for one", [], web.asked)


def good_update(box, server, web, stick, version):
	d = box.d
	d.machine.plug_stick(stick)
	box.get("for i in $(seq 300); do grep -q ' /media/' /proc/mounts && break; sleep 0.2; done")
	not_during_the_event(box, server, web)
	box.remember_boot()
	begun, cpu = time.monotonic(), d.machine.cpu_seconds()
	box.time_is(server, 1, 10)
	box.update()
	box.restarted("B", 4 * SLOW)
	tap.note(f"installed and started after {time.monotonic() - begun:.0f} s, "
	         f"{d.machine.cpu_seconds() - cpu:.0f} s of processor")
	tap.equal("next morning the new system starts", version, box.version())
	box.get("rauc status >/dev/null; true")
	tries, proven = box.tries("B"), box.get("systemctl is-active parvis-health || true")
	tap.check("it has two tries left, which RAUC does not touch", tries == 2 or proven == "active",
	          f"{tries}, {proven}")
	tap.check("it proves itself", box.proven(), box.told())
	tap.equal("and has all tries from then on", 9, box.tries("B"))
	d.expect("scan")
	box.guest()
	kept(box, "after the update")
	d.machine.pull_stick()
	d.shot("updated")


def broken_update(box, server, web, version, name):
	d = box.d
	before = len(starts(d))
	box.remember_boot()
	box.time_is(server, 1, 10)
	box.get("systemctl start parvis-fetch", 20 * SLOW)
	tap.equal(f"{name}: comes from the network", ["HEAD /box.raucb", "GET /box.raucb"], web.asked)
	box.update()
	wait_until("its first start", 4 * SLOW, lambda: len(starts(d)) > before)
	box.restarted("B", 8 * SLOW)
	tap.equal(f"{name}: three starts, and the one before", list("AAAB"), starts(d)[before:])
	tap.equal(f"{name}: the version that worked", version, box.version())
	tap.check(f"{name}: is at work", box.proven(), box.told())
	tap.equal(f"{name}: the other has no try left", 0, box.tries("A"))
	d.expect("scan")
	box.guest()
	kept(box, name)
	tried = box.get("wc -l </data/rauc/tried")
	box.time_is(server, 1, 10)
	box.get("systemctl start parvis-update", 300)
	tap.equal(f"{name}: is not tried again", (tried, "B"),
	          (box.get("wc -l </data/rauc/tried"), box.get("parvis-slot get-primary")))
	box.get("systemctl start parvis-fetch", 300)
	tap.equal(f"{name}: nor fetched again", 1, sum(a.startswith("GET") for a in web.asked))
	d.shot("back")


def main():
	os.makedirs(BUILD, exist_ok=True)
	door.make_event(EVENT)
	newer, broken = version_after(1), version_after(2)
	stick = door.make_stick(f"{BUILD}/newer.img", [make_bundle("newer", newer)], "512M")
	os.makedirs(f"{BUILD}/web", exist_ok=True)
	os.rename(make_bundle("broken", broken, without_a_kiosk), f"{BUILD}/web/box.raucb")
	server, web = TimeServer(), WebServer(f"{BUILD}/web")
	tools = door.make_tools({})
	card = set_options(door.make_box(EVENT), f'UPDATES="http://{HOST}:{web.port}/box.raucb"\n')
	disk = door.make_overlay("update", card, f"{DISK_MIB}M")
	tap.at("bundles are made")
	with Door("box", disk, tools, units=[ASKS_US]) as d:
		try:
			tap.at("it has a shell")
			box = opening(d)
			tap.at("it is a door")
			good_update(box, server, web, stick, newer)
			tap.at("it is updated")
			broken_update(box, server, web, newer, "a system without a kiosk")
			tap.at("it is back")
		except Failed as why:
			tap.check("updates come to their end", False, why)
			d.shot("failed")
		d.journal()
	return tap.end()


if __name__ == "__main__":
	try:
		sys.exit(main())
	except (Failed, subprocess.SubprocessError) as failed:
		tap.check("updates", False, failed)
		sys.exit(tap.end())
