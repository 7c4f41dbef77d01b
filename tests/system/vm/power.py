#!/usr/bin/python3
"""Power cuts of the whole machine: QEMU is killed while guests come in, a stick is written, an update
is installed, or the box starts. Then it is switched on again and has to come back to the scan screen
by itself, with every guest in its log whose green lamp was seen from outside. Speaks TAP.

What is killed loses what the guest had not written yet. A disk that loses or reorders what it was given
is the business of cut_kiosk.sh and update.sh.

  PARVIS_KILLS=N       kills of the running machine, each from one snapshot (20)
  PARVIS_COLD_CUTS=N   kills of a machine that is starting (3)
  PARVIS_SEED=N        of the dice
  PARVIS_UPDATE=FILE   the bundle that is installed (the image's)
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import door
from door import BUILD, PARVIS, SLOW, Door, run
from machine import Failed, wait_until
from tap import Tap

KILLS = int(os.environ.get("PARVIS_KILLS", "20"))
COLD_CUTS = int(os.environ.get("PARVIS_COLD_CUTS", "3"))
BUNDLE = os.environ.get("PARVIS_UPDATE", f"{os.path.dirname(door.IMAGE)}/parvis-amd64.raucb")
EVENT = f"{BUILD}/event"
tap = Tap()
SEED = int(os.environ.get("PARVIS_SEED", "1"))
dice = random.Random(SEED)


# Moments are told in seconds of processor that the emulation takes, which do not depend on what else this
# host does.

def spend(d, seconds):
	"""The machine runs on for so long."""
	end = d.machine.cpu_seconds() + seconds
	while d.machine.alive() and d.machine.cpu_seconds() < end:
		d.lamps.look(0.05)


def greens(log):
	"""How many guests were let in, by what the lamps did: each time green begins together with the
	buzzer."""
	count, before = 0, frozenset()
	for _, lit in log:
		count += {"green", "buzzer"} <= lit and "buzzer" not in before
		before = lit
	return count


def guests_come(d):
	"""One after the other, from now on."""
	pull = f"/run/parvis-lines/sim_gpio{door.BUTTONS['plus']}/pull"
	d.shell.get(f"(while :; do echo pull-down >{pull}; sleep 0.2; echo pull-up >{pull}; sleep 0.5; done) "
	            "</dev/null >/dev/null 2>&1 &")
	wait_until("the first of them", SLOW, lambda: d.lamps.look(0.1) or greens(d.lamps.log))


def check_ins(d):
	"""Cut while guests come in."""
	guests_come(d)
	spend(d, dice.uniform(0, 8))


def export(d):
	"""Cut while the log is copied to a stick, and guests come in."""
	d.machine.plug_stick(door.make_stick(f"{BUILD}/export.img"))
	wait_until("the stick", SLOW, lambda: d.shell.run("grep -q ' /media/' /proc/mounts")[0] == 0)
	d.volunteer()
	d.tap("stick")
	d.expect("stick")
	d.tap("copy the log")
	guests_come(d)
	spend(d, dice.uniform(0, 6))


def update(d):
	"""Cut while the other slot is written, or shortly after."""
	d.shell.get("(rauc install /run/parvis-test/update.raucb >/run/update 2>&1 &)")
	guests_come(d)
	spend(d, dice.uniform(0, 60))


def came_back(name, disk, tools, least):
	"""Switched on again: the scan screen, by itself; every green in the log; and the next guest.
	Gives what that took of the processor, and how many are in the log."""
	with Door("again", disk, tools, clock="18:30:00") as d:
		found = 0
		try:
			if not d.waits_for_guests(SLOW):
				raise Failed("there is no screen for guests")
			cpu = d.machine.cpu_seconds()
			rows = d.rows()
			run(PARVIS, "log", "--verify", "--data", f"{d.logs}/data")
			found = sum(r["verdict"] in ("ADMIT", "READMIT", "MOVED") for r in rows)
			d.lamps.forget()
			d.push("plus")
			green = d.lamps.shows("green", SLOW)
			slots = d.shell.get("parvis-slot status")
			tap.check(f"{name}: back, {least} green, {found} in the log, the next comes in",
			          found >= least and green and slots.count("whole") == 2,
			          f"the next guest {'green' if green else 'not green'}\n{slots}")
			tap.at(f"{cpu:.0f} s of processor to the scan screen")
			return cpu, d.counts()
		except Failed as why:
			tap.check(f"{name}: it comes back", False, why)
			d.shot("failed")
			d.journal()
		return d.machine.cpu_seconds(), found


def kill_running(disk, tools, before):
	kinds = [export, check_ins, update, check_ins] if os.path.exists(BUNDLE) else [export, check_ins]
	cpu, least = 0, before
	for number in range(KILLS):
		kind = kinds[number % len(kinds)]
		with Door("killed", disk, tools, resume="door") as d:
			try:
				kind(d)
			except Failed as why:
				tap.check(f"kill {number + 1}, {kind.__name__}: it runs until the cut", False, why)
			d.machine.kill()
			d.lamps.look()
			seen = greens(d.lamps.log)
		cpu, least = came_back(f"kill {number + 1}, {kind.__name__}", disk, tools, before + seen)
	return cpu, least


def kill_starting(disk, tools, least, boot_cpu):
	for number in range(1, COLD_CUTS + 1):
		at = dice.uniform(0.02, 1) * boot_cpu
		with Door("killed", disk, tools, wait=False) as d:
			spend(d, at)
		name = f"cut {number}, {at:.0f} s into a start of {boot_cpu:.0f} s"
		least = max(least, came_back(name, disk, tools, least)[1])


def main():
	os.makedirs(BUILD, exist_ok=True)
	door.make_event(EVENT)
	more = {"update.raucb": BUNDLE} if os.path.exists(BUNDLE) else {}
	# With a camera: what is missing is told on every screen, and moves what is there.
	tools = door.make_tools({"guest": door.ticket("power")}, more=more)
	disk = door.make_overlay("power", door.make_box(EVENT))
	with Door("first_boot", disk, tools) as d:
		tap.at("it has a shell")
		d.expect("scan")
		d.lamps.forget()
		d.push("plus")
		if not d.lamps.shows("green", SLOW):
			d.shot("failed")
			raise Failed("the first guest does not come in")
		# A start is over when its system has proven itself.
		wait_until("the health check", 3 * SLOW, lambda: d.shell.run(
			"systemctl is-active parvis-health")[1] in ("active", "failed"), 2)
		d.lamps.dark(SLOW)
		d.waits_for_guests(SLOW)
		before = d.counts()
		d.machine.save("door")
	tap.at(f"a box is a door, and has a snapshot; the dice begin at {SEED}")
	boot_cpu, least = kill_running(disk, tools, before)
	tap.at(f"{KILLS} kills")
	kill_starting(disk, tools, least, boot_cpu)
	return tap.end()


if __name__ == "__main__":
	try:
		sys.exit(main())
	except Failed as failed:
		tap.check("power cuts", False, failed)
		sys.exit(tap.end())
