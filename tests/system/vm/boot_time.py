#!/usr/bin/python3
"""How long a box takes from the plug to its first guest, what it keeps in memory, and what it takes on a
disk. Time is what the emulation costs this host's processors, so other programs do not count; it is
held against the same image booted to a bare shell in the same run. Speaks TAP.

  PARVIS_BOOT_FACTOR   how many times the bare shell is allowed (1.5)
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
import door
from door import BUILD, SLOW, Door, run, ticket
from machine import Failed, wait_until
from tap import Tap

FACTOR = float(os.environ.get("PARVIS_BOOT_FACTOR", "1.5"))
MEMORY_MIB = 300
IMAGE_MIB = 900
BUNDLE_MIB = 200
EVENT = f"{BUILD}/event"
tap = Tap()


def our_units():
	"""The image's, by name; without those that are of a kind."""
	said = run("debugfs", "-R", "ls -p /usr/lib/systemd/system",
	           f"{door.IMAGE}?offset={door.partition(door.IMAGE, 2)[0]}")
	names = (line.split("/")[5] for line in said.splitlines() if line.count("/") >= 6)
	return sorted(n for n in names if re.fullmatch(r"parvis-[^@]+\.(service|socket|path|timer)", n))


def bare_shell(disk, tools):
	"""The same guest without anything of ours: processor seconds until the system is up and its
	shell answers."""
	with Door("bare", disk, tools) as d:
		d.shell.get("systemctl is-system-running --wait || true", door.BOOT)
		ours = d.shell.get("systemctl list-units --no-legend --state=active 'parvis-*'")
		tap.equal("the bare guest runs nothing of ours", "", ours)
		return d.machine.cpu_seconds()


def first_guest(disk, tools):
	"""Until the first green lamp, of a guest who holds the ticket up all the time; and what came before
	it, in processor seconds."""
	with Door("box", disk, tools, wait=False) as d:
		def until(what, holds):
			wait_until(what, door.BOOT + SLOW, holds, 0.1)
			tap.note(f"{d.machine.cpu_seconds():6.1f} s of processor: {what}")

		until("U-Boot starts a slot", lambda: "slots: starting" in d.console())
		until("the lamps have a driver", lambda: d.lamps.look() or d.lamps.log)
		until("the first screen", lambda: d.shows("scan", 0))
		until("the first guest", lambda: d.lamps.shows("green", 0))
		cpu = d.machine.cpu_seconds()
		d.shot("green")
		d.shell.wait(SLOW)
		d.shell.get("systemctl is-system-running --wait || true", door.BOOT)
		tap.note(f"{d.machine.cpu_seconds():6.1f} s of processor: all is up")
		# Where an instruction takes the same time each, the guest's own figures are as steady.
		tap.note(d.shell.get("systemd-analyze"))
		tap.note("\n".join(d.shell.get("systemd-analyze blame --no-pager").splitlines()[:12]))
		tap.note(d.shell.get("systemd-analyze critical-chain parvis-kiosk.service --no-pager || true"))
		tap.note(d.shell.get("cd /sys/fs/cgroup && for g in *.slice/*.service *.scope; do "
		                     "awk -v g=$g '/^usage/ { printf \"%8.1f ms %s\\n\", $2 / 1000, g }' $g/cpu.stat; "
		                     "done | sort -rn | head -12"))
		memory(d)
		d.journal()
		return cpu


def memory(d):
	"""What cannot be had for anything else: neither free nor a cache."""
	figures = dict(re.findall(r"^(\w+): +(\d+) kB", d.shell.get("cat /proc/meminfo"), re.M))
	used = (int(figures["MemTotal"]) - int(figures["MemAvailable"])) // 1024
	tap.note(d.shell.get("for p in /proc/[0-9]*; do awk '/^Name|^Pss:/ { printf \"%s \", $2 }' $p/status "
	                     "$p/smaps_rollup 2>/dev/null; echo; done | sort -k2 -rn | head -8"))
	tap.check(f"the guest's memory, {used} MiB, is at most {MEMORY_MIB}", used <= MEMORY_MIB)


def sizes():
	written = int(run("du", "--block-size=1", door.IMAGE).split()[0]) >> 20
	tap.check(f"the image writes {written} MiB, at most {IMAGE_MIB}", written <= IMAGE_MIB)
	bundle = f"{os.path.dirname(door.IMAGE)}/parvis-amd64.raucb"
	if os.path.exists(bundle):
		size = os.path.getsize(bundle) >> 20
		tap.check(f"an update's bundle has {size} MiB, at most {BUNDLE_MIB}", size <= BUNDLE_MIB)
	else:
		tap.skip("an update's bundle", "there is none beside the image")


def main():
	os.makedirs(BUILD, exist_ok=True)
	door.make_event(EVENT)
	tools = door.make_tools({"guest": ticket("boot")}, first="guest")
	disk = door.make_overlay("boot_time", door.make_box(EVENT))
	sizes()
	with door.kernel_words(disk, " ".join(f"systemd.mask={u}" for u in our_units())):
		bare = bare_shell(disk, tools)
	box = first_guest(disk, tools)
	tap.note(f"bare shell {bare:.1f} s, first guest {box:.1f} s of processor: {box / bare:.2f} times")
	tap.check(f"the first guest takes at most {FACTOR} times the bare shell", box <= FACTOR * bare)
	return tap.end()


if __name__ == "__main__":
	try:
		sys.exit(main())
	except Failed as failed:
		tap.check("boot time", False, failed)
		sys.exit(tap.end())
