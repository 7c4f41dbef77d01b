#!/usr/bin/python3
"""The arm64 image in QEMU's machine virt: U-Boot starts slot A, the kiosk offers to become the door of
the bundle that lies on the card, and waits for guests. Speaks TAP."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(__file__))
import door
import machine
from door import BUILD, FSTAB, IMAGE, run
from machine import Failed, SIZE, wait_until
from tap import Tap

BOOT = 900   # seconds; what is emulated here is another processor than this host's
SLOW = 300   # for what takes a few where nothing else runs
MEMORY = 300 # MiB that everything together may keep in memory

UNIT = """[Unit]
Description=The system test's shell
DefaultDependencies=no
After=local-fs.target
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh -c 'exec sh <>/dev/virtio-ports/parvis.shell >&0 2>&1'
Environment=HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
Restart=always
RestartSec=500ms
"""

tap = Tap()


def card():
	"""The image with a box's bundle on its first partition, as a card in a reader would get it."""
	disk, event = f"{BUILD}/card.img", f"{BUILD}/event"
	run("cp", "--sparse=always", IMAGE, disk)
	door.make_event(event)
	first = f"{disk}@@{door.partition(disk, 1)[0]}"
	run("mmd", "-i", first, "::parvis")
	run("mcopy", "-i", first, f"{event}/numa.parvis", "::parvis")
	return disk


class Box(door.Door):
	"""A door without lamps and camera, on this machine, with keys in place of a finger: which QEMU has for
	it only from 8.1 on."""

	def __init__(self, disk):
		self.name, self.logs = "virt", BUILD
		arguments = [
			"-M", "virt", "-cpu", "cortex-a72", "-accel", "tcg,thread=single,tb-size=512",
			"-icount", "shift=1", "-smp", "1", "-m", "1024", "-nodefaults", "-display", "none",
			"-bios", f"{os.path.dirname(IMAGE)}/u-boot.bin",
			"-rtc", f"base={door.tonight('17:50:00')},clock=vm",
			"-device", f"virtio-gpu-pci,xres={SIZE[0]},yres={SIZE[1]}",
			"-device", "virtio-keyboard-pci",
			"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net",
			"-device", "virtio-rng-pci",
			"-drive", f"file={disk},if=none,id=disk,format=raw,cache=unsafe",
			"-device", "virtio-blk-pci,drive=disk,bootindex=1"]
		for unit, text in (("fstab.extra", FSTAB), ("systemd.extra-unit.t.service", UNIT)):
			path = f"{self.logs}/{unit}"
			with open(path, "w") as f:
				f.write(text)
			arguments += machine.credential(unit, path)
		self.machine = machine.Machine([shutil.which("qemu-system-aarch64")], arguments, self.logs)
		self.shell = machine.Shell(self.machine)

	def console(self):
		with open(f"{self.logs}/console", errors="replace") as f:
			return f.read()


def starts(box):
	wait_until("U-Boot's word", BOOT, lambda: "slots: starting" in box.console(), 1)
	said = box.console()
	tap.check("U-Boot reads the slots' state and starts A",
	          "slots: copy 0x800, first A" in said and "slots: starting A" in said, said)
	tap.check("the kiosk stands on the screen and offers the door of the bundle on the card",
	          box.shows("offer", BOOT), box.console()[-2000:])
	tap.at(f"the first screen, after {box.machine.cpu_seconds():.0f} s of this processor")
	box.shot("offer")


def becomes(box):
	box.machine.press("tab", "ret")
	tap.check("a person agrees: it becomes that door and waits for guests", box.shows("scan", SLOW))
	tap.at(f"the screen for guests, after {box.machine.cpu_seconds():.0f} s of this processor")
	box.shot("scan")


def is_whole(box):
	"""What the system says of itself, once it has come to rest."""
	box.shell.wait(SLOW)
	box.shell.run("systemctl is-system-running --wait", BOOT)
	machine_name, words = box.shell.get("uname -m; cat /proc/cmdline", SLOW).splitlines()
	tap.equal("it is a 64-bit system for ARM", "aarch64", machine_name)
	tap.check("its root is slot A, read-only", "-02 ro " in words and "rauc.slot=A" in words, words)
	tap.equal("no unit has failed", "", box.shell.get("systemctl --failed --no-legend --plain", SLOW))
	said = box.shell.get("journalctl -b --no-pager -u parvis-health", SLOW)
	tap.check("the system has proven itself", "slot A has proven itself" in said, said)
	memory = dict(line.split()[:2] for line in box.shell.get("cat /proc/meminfo", SLOW).splitlines())
	kept = (int(memory["MemTotal:"]) - int(memory["MemAvailable:"])) // 1024
	who = box.shell.get("ps -eo rss,args --sort=-rss | head -n 12", SLOW)
	tap.check(f"everything together keeps {kept} of at most {MEMORY} MiB in memory", kept <= MEMORY, who)


def main():
	box = Box(card())
	tap.at("switched on")
	try:
		starts(box)
		becomes(box)
		is_whole(box)
		box.journal()
	except Failed as failure:
		box.shot("failed")
		tap.check("the machine does as it is told", False, failure)
	box.machine.kill()
	return tap.end()


if __name__ == "__main__":
	sys.exit(main())
