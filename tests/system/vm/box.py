"""A box that people try to get out of: what it must be after each step, and the list of the steps."""
import os
import time

import wire
from door import run, PARVIS
from machine import wait_until, Failed
from tap import Tap

tap = Tap()
SLOW = 60      # seconds for what takes one or two
PARTS = {}     # name: [(number, what is done)]
CONTROLS = {}  # name: breaches that are planted, and have to be seen


class Breach(Exception):
	"""Somebody got somewhere."""


def step(part, number):
	"""A step of board/BREAKOUT.md: acts on a Box, gives what came in a few words, raises Breach."""
	def note(act):
		PARTS.setdefault(part, []).append((number, act))
		return act
	return note


def control(part):
	def note(act):
		CONTROLS.setdefault(part, []).append(act)
		return act
	return note


def BOOT_CARDS(folder):
	"""What is plugged in from the start: a card for the neighbour's cable."""
	path = f"{folder}/cable"
	if os.path.exists(path):
		os.unlink(path)
	return wire.card(path)


# What must not change. The test's own shell is its unit's. Nothing is started for most of it, since a
# process costs an emulated machine more than all the reading.
STATE = r"""state() {
read -r x </proc/sys/kernel/random/boot_id; echo "boot $x"
x=; read -r x </sys/fs/cgroup/system.slice/parvis-kiosk.service/cgroup.procs; echo "kiosk $x"
read -r x </sys/class/tty/tty0/active; echo "console $x"
read -r x </proc/sys/kernel/hostname; echo "name $x"
read -r x </proc/sys/kernel/sysrq; echo "sysrq $x"
read -r x </proc/sys/kernel/core_pattern; echo "core $x"
x=; read -r x </var/lib/parvis/box/current; echo "box $x"
echo "sessions" /run/systemd/sessions/*
for p in tcp tcp6 udp udp6 raw raw6; do
	while read -r _ at _ st _; do
		case $p:$st:${at#*:} in
		udp*:07:0044 | udp*:07:0222 | raw6:07:003A | udp*:07:[89A-F]*) ;;
		tcp*:0A:* | udp*:07:* | raw*:07:*) echo "listens $p $at" ;;
		esac
	done </proc/net/$p
done | sort
for p in /proc/[0-9]*; do
	read -r x <$p/comm || continue
	case $x in
	sh | bash | dash | agetty | getty | login | sulogin | su | busybox | python* | perl)
		read -r y <$p/cgroup
		case $y in */t.service) ;; *) echo "shell $x in $y" ;; esac ;;
	esac
done 2>/dev/null
while read -r _ _ _ _ at how rest; do
	case $at:$how in
	/media/*:*nosuid*nodev*noexec* | /run/credentials/*) ;;
	*)
		case " $rest" in
		*" - ext4 "* | *" - vfat "* | *" - exfat "* | *" - tmpfs "*) echo "mount $at $how" ;;
		esac ;;
	esac
done </proc/self/mountinfo
while read -r x _; do echo "swap $x"; done </proc/swaps
}"""


class Box:
	def __init__(self, d, cable):
		self.d, self.machine, self.shell, self.lamps = d, d.machine, d.shell, d.lamps
		self._cable_path, self._cable = cable, None
		self.before = self.lasting_before = None
		self.exposed = {}  # of units of ours, by systemd-analyze

	def begin(self):
		"""What it is now is what it has to stay."""
		self.shell.get("touch /run/parvis-begun\n" + STATE)
		self.before = self.state()

	def state(self):
		return self.shell.get("state", SLOW)

	def lasting(self):
		"""What of it is the same at each start."""
		return sorted(x for x in self.state().splitlines() if x.split()[0] not in ("boot", "kiosk", "sessions"))

	def same(self, seconds=20):
		"""Breach where the box is not what it was, and does not become it again: programs of its own
		come and go."""
		end = time.monotonic() + seconds
		while True:
			now = self.state()
			if now == self.before:
				return
			if time.monotonic() > end:
				break
			time.sleep(1)
		gone = set(self.before.splitlines()) - set(now.splitlines())
		new = set(now.splitlines()) - set(self.before.splitlines())
		raise Breach("; ".join([f"is now: {x}" for x in sorted(new)] + [f"is no more: {x}" for x in sorted(gone)]))

	def changes(self, seconds):
		"""Waits so long until it is not what it was; what was done to it may take a moment."""
		end = time.monotonic() + seconds
		while self.state() == self.before and time.monotonic() < end:
			time.sleep(0.2)

	def camera(self, on):
		"""A camera that shows nothing new keeps an emulated machine busy with looking at it."""
		self.shell.get("for p in /proc/[0-9]*; do read -r x <$p/comm && [ $x = film ] && "
		               f"kill -{'CONT' if on else 'STOP'} ${{p#/proc/}}; done 2>/dev/null; true")

	def cable(self):
		if not self._cable:
			self._cable = wire.Cable(self._cable_path)
		return self._cable

	def waits_for_guests(self, seconds=90):
		"""The screen for guests comes by itself."""
		if not self.d.shows("scan", seconds):
			raise Breach("the screen for guests does not come back")

	def opens_to_a_guest(self):
		"""Somebody comes in by a volunteer's button; the log is whole, with one row more."""
		self.waits_for_guests()
		had = self.d.counts()
		self.lamps.dark(20)
		self.lamps.forget()
		self.d.push("plus")
		if not self.lamps.shows("green", SLOW):
			raise Breach("no green for a guest")
		wait_until("the row", SLOW, lambda: self.d.counts() == had + 1, 1)
		run(PARVIS, "log", "--verify", "--data", f"{self.d.logs}/data")

	def uptime(self):
		"""Seconds that have passed in there."""
		return float(self.said("read -r up _ </proc/uptime; echo $up"))

	def wait(self, what, condition, seconds=SLOW, pause=0.5):
		return wait_until(what, seconds, condition, pause)

	def said(self, command):
		return self.shell.run(command, SLOW)[1]


__all__ = ["BOOT_CARDS", "Box", "Breach", "CONTROLS", "Failed", "PARTS", "control", "step", "tap"]
