#!/usr/bin/python3
"""An evening at the door of a box that runs the image that ships: from the first boot to the night's
rows in the organiser's store. Everything is seen from outside: the lamps' lines, the screen, a USB
stick, what the collector has. Speaks TAP.

  evening.py [SCENARIO...]     all of them, or those named; each begins at the same moment of one boot
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import door
from door import BUILD, PARVIS, SLOW, Door, run, ticket, forged
from machine import Failed, wait_until
from tap import Tap

PICTURES = {"guest1": ("guest", 1), "guest2": ("guest", 2), "forged": ("forged", 3)}
EVENT = f"{BUILD}/event"
tap = Tap()


# --- this host: a broker and a collector ----------------------------------------------------------

class Servers:
	"""mosquitto with the event's files, and the organiser's collector; both real, both ended with
	the test."""

	def __init__(self):
		self.running = []
		with open(f"{EVENT}/broker/mosquitto.conf") as f:
			conf = f.read()
		with open(f"{EVENT}/broker/test.conf", "w") as f:
			f.write("user root\n" + conf if os.geteuid() == 0 else conf)
		self.start("mosquitto", "/usr/sbin/mosquitto", "-c", f"{EVENT}/broker/test.conf")

	def start(self, name, *argv):
		log = open(f"{BUILD}/{name}.log", "wb")
		self.running.append(subprocess.Popen(argv, stdout=log, stderr=log,
		                                     stdin=subprocess.DEVNULL, start_new_session=False))

	def collect(self):
		pem = f"{EVENT}/broker/collector.pem"
		self.start("collect", PARVIS, "collect", "--event", EVENT, "--store", f"{BUILD}/night.db",
		           "--broker", f"mqtts://127.0.0.1:{door.BROKER_PORT}",
		           "--tls-ca", f"{EVENT}/broker/ca.pem", "--tls-cert", pem, "--tls-key", pem)

	def end(self):
		for process in reversed(self.running):
			process.send_signal(signal.SIGTERM)
			try:
				process.wait(20)
			except subprocess.TimeoutExpired:
				process.kill()
				process.wait()


def told(store):
	"""(rows, entries) of a store of the organiser's; nothing where there is none yet."""
	if not os.path.exists(store):
		return None
	try:
		night = json.loads(run(PARVIS, "report", "--event", EVENT, "--store", store,
		                       "--format", "json"))["night"]
	except Failed:
		return None
	return night["rows"], night["entries"]


def collected(name, source):
	"""What the organiser makes of that source: the night as a file of values."""
	store = f"{BUILD}/{name}.db"
	for path in (store, f"{store}-wal", f"{store}-shm"):
		if os.path.exists(path):
			os.unlink(path)
	# 1: something is missing, which the boxes of other doors are.
	subprocess.run([PARVIS, "collect", "--event", EVENT, "--store", store, source],
	               capture_output=True, check=False)
	return told(store), run(PARVIS, "report", "--event", EVENT, "--store", store, "--format", "csv")


# --- the scenarios --------------------------------------------------------------------------------

def first_boot(d, stick):
	"""A box that nobody has told anything: it opens as the demo, finds a bundle on a stick, and
	becomes that door when a person agrees."""
	tap.check("it boots without a failed unit",
	          not d.shell.get("systemctl is-system-running --wait >/dev/null; "
	                          "systemctl --failed --no-legend", door.BOOT),
	          d.shell.run("systemctl --failed --no-legend")[1])
	for unit in ("kiosk", "data", "health"):
		tap.equal(f"parvis-{unit} is up", "active",
		          d.shell.run(f"systemctl is-active parvis-{unit}")[1])
	said = d.shell.get("parvis-slot status; journalctl -b --no-pager -u parvis-health")
	tap.check("the system has proven itself", "has proven itself" in said, said)
	tap.check("its screen says that it has no event", d.shows_words(SLOW))
	d.shot("empty")
	try:
		d.become(stick)
		why = ""
	except Failed as failed:
		why = failed
	d.shot("scan")
	tap.check("a bundle on a stick is shown, waits for a person, and makes it a door", not why, why)
	tap.check("no lamp was lit by that", not d.lamps.seen)


def touch_scan(d, spot):
	"""A touch on the screen that waits for a guest, once that is back."""
	d.expect("scan")
	d.tap(spot)


def come_in(d, name, how):
	"""Somebody comes in: green, and all off again."""
	d.lamps.dark(20)
	d.lamps.forget()
	begun = time.monotonic()
	how()
	green = d.lamps.shows("green", SLOW)
	took = time.monotonic() - begun
	welcome = d.shows("welcome", 20)
	d.shot(name.split()[0].strip(":"))
	tap.check(f"{name}: green", green, f"lit: {d.lamps.lit}")
	tap.check(f"{name}: and the screen says welcome", welcome)
	tap.note(f"{took:.1f} s until green")
	return green


def check_in(d):
	"""By camera, by touch, by button; and somebody who may not."""
	come_in(d, "camera: a ticket is held up", lambda: d.hold_up("guest1"))
	tap.check("camera: the door's relay with it", "door" in d.lamps.seen)
	d.hold_up("nobody")
	tap.check("camera: all off afterwards", d.lamps.dark(30))
	come_in(d, "touch: a guest without a ticket", lambda: touch_scan(d, "no ticket"))
	come_in(d, "button: a volunteer counts one", lambda: d.push("plus"))
	d.lamps.dark(20)
	d.lamps.forget()
	d.hold_up("forged")
	tap.check("camera: a forged ticket is red", d.lamps.shows("red", SLOW))
	tap.check("camera: and so is the screen", d.shows("refused", 20))
	d.shot("forged")
	tap.check("camera: and never green", "green" not in d.lamps.seen)
	d.hold_up("nobody")
	rows = d.rows()
	tap.equal("every answer is a row", (3, 1),
	          (sum(r["verdict"] == "ADMIT" for r in rows), sum(r["verdict"] == "FORGED" for r in rows)))


def volunteer(d):
	"""The PIN, the headcount, one more by hand."""
	d.volunteer()
	tap.check("the PIN opens the headcount", True)
	d.shot("headcount")
	d.tap("+1")
	tap.check("+1 is a row, a volunteer's",
	          wait_until("the row", SLOW, lambda: any(r["kind"] == "adjust" and r["operator"]
	                                                 for r in d.rows())))
	d.shot("plus")
	d.tap("quit")
	tap.check("and back to the guests", d.shows("scan", SLOW))


def export(d):
	"""The log on a stick: what the organiser gets from it is what the box has."""
	stick = door.make_stick(f"{BUILD}/export.img")
	for _ in range(3):
		guest_by_button(d)
	d.machine.plug_stick(stick)
	d.shell.get("until grep -q ' /media/' /proc/mounts; do sleep 0.5; done", SLOW)
	d.volunteer()
	d.shot("headcount")
	d.tap("stick")
	d.expect("stick")
	d.shot("stick")
	d.tap("copy the log")
	d.shell.get("until ls /media/*/*.parvis-log; do sleep 0.5; done", SLOW)
	d.expect("copied")
	d.shot("copied")
	d.machine.pull_stick()
	folder = f"{BUILD}/stick"
	shutil.rmtree(folder, ignore_errors=True)
	os.mkdir(folder)
	run("sh", "-c", f"mcopy -i {stick} '::*.parvis-log' {folder}")
	from_stick, from_box = collected("stick", folder), collected("box", d.copy_log(f"{BUILD}/data"))
	tap.check("a stick that was pulled out has all 3 rows of the box",
	          from_stick[0] == from_box[0] == (3, 3), f"{from_stick[0]}, {from_box[0]}")
	tap.equal("and the same night, value by value", signed(from_box[1]), signed(from_stick[1]))


def signed(night):
	"""The values of a night without what a stick alone has: the box signs what it copies."""
	return [line for line in night.splitlines() if "unsigned" not in line]


def guest_by_button(d):
	d.lamps.dark(20)
	d.lamps.forget()
	d.push("plus")
	if not d.lamps.shows("green", SLOW):
		raise Failed("no green for a guest without a ticket")


def network(d):
	"""A broker and a collector outside; the cable is pulled and put back."""
	store = f"{BUILD}/night.db"
	if os.path.exists(store):
		os.unlink(store)
	servers = Servers()
	try:
		servers.collect()
		guest_by_button(d)
		want = len(d.rows())
		tap.check("the collector has every row of the box, over TLS",
		          wait_until("rows at the collector", SLOW,
		                     lambda: (told(store) or (0,))[0] == want, 1), told(store))
		d.machine.link(False)
		for _ in range(3):
			guest_by_button(d)
		tap.check("without a network guests come in", len(d.rows()) == want + 3)
		d.shot("offline")
		tap.equal("and nobody outside hears of it", want, told(store)[0])
		d.machine.link(True)
		tap.check("when it is back, what came in meanwhile follows",
		          wait_until("the rest at the collector", SLOW,
		                     lambda: told(store)[0] == want + 3, 1), told(store))
		d.shot("online")
	finally:
		servers.end()


def late(disk, tools):
	"""The data partition comes when nobody waits for it any more."""
	with watched("late", disk, tools, units=[door.LATE]) as d:
		pid = kiosk_is_up(d)
		tap.check("late: without its data partition the kiosk comes up", pid)
		tap.check("late: and says so", d.shows_words(SLOW))
		d.shot("without")
		d.late()
		d.expect("scan")
		tap.equal("late: when it comes, the same kiosk opens the door", pid, kiosk_is_up(d))
		come_in(d, "late: a guest", lambda: d.push("plus"))
		for unit in ("parvis-health.service", "systemd-timesyncd.service", "parvis-firewall.path"):
			wait_until(f"{unit}, which waited for it", SLOW,
			           lambda: d.shell.run(f"systemctl is-active {unit}")[1] == "active", 2)
		tap.check("late: a system that had proven itself keeps its tries",
		          "A: 9 tries" in d.shell.run("parvis-slot status")[1])
		tap.equal("late: nothing failed", "", d.shell.run("systemctl --failed --no-legend")[1])


def damaged(disk, tools):
	"""The plug is pulled, and what lies first on the data partition is not what it was."""
	with watched("damaged", disk, tools, resume="door") as d:
		for _ in range(3):
			guest_by_button(d)
		before = d.counts()
	spoil(disk, 65536)
	with watched("repaired", disk, tools) as d:
		d.expect("scan", door.BOOT)
		tap.equal("damaged: the box is the same door, with its log", (3, 3), (before, d.counts()))
		come_in(d, "damaged: and the next guest", lambda: d.push("plus"))
		tap.note(d.shell.get("journalctl -b --no-pager -o cat -t systemd-fsck | tail -3"))


def lost(disk, tools):
	"""The data partition is no file system any more."""
	spoil(disk, None)
	with watched("lost", disk, tools) as d:
		tap.check("lost: without a data partition the kiosk comes up", kiosk_is_up(d))
		tap.check("lost: and says so", d.shows_words(SLOW))
		d.shot("without")
		tap.check("lost: no event is taken there", not d.shell.run("ls -A /var/lib/parvis")[1])


def spoil(disk, size):
	"""So many bytes of the data partition, from its first, become others; None: all."""
	start, length = door.partition(door.IMAGE, 4)
	run("qemu-io", "-f", "qcow2", "-c", f"write -P 165 {start} {size or length}", disk)


def kiosk_is_up(d):
	"""Its process, once it is active and stays it; "" where it does not."""
	wait_until("the kiosk", door.BOOT,
	           lambda: d.shell.run("systemctl is-active parvis-kiosk")[0] == 0, 2)
	return d.shell.get("p() { systemctl show -P MainPID parvis-kiosk; }; a=$(p); sleep 5; "
	                   "[ $a = $(p) ] && echo $a || true")


# Those of a door that is open, from the snapshot, and those that start the box from its disk.
SCENARIOS = {"check_in": check_in, "volunteer": volunteer, "export": export, "network": network}
STARTS = {"late": late, "damaged": damaged, "lost": lost}


def prepare():
	os.makedirs(BUILD, exist_ok=True)
	door.make_event(EVENT)
	return door.make_tools({name: ticket(f"{kind}{n}") if kind == "guest" else forged(f"{kind}{n}")
	                        for name, (kind, n) in PICTURES.items()})


@contextlib.contextmanager
def watched(name, disk, tools, **more):
	"""A machine. What it showed at its end, said and cost is kept, whatever that end is."""
	with Door(name, disk, tools, **more) as d:
		try:
			yield d
		finally:
			tap.at(f"{name}: {d.machine.cpu_seconds():.0f} s of processor")
			d.shot("end")
			d.journal()


def main(wanted):
	tools = prepare()
	disk = door.make_overlay("evening")
	stick = door.make_stick(f"{BUILD}/bundle.img", [f"{EVENT}/numa.parvis"])
	tap.at("the box is switched on")
	with watched("first_boot", disk, tools) as d:
		tap.at(f"it has a shell, {d.machine.cpu_seconds():.0f} s of processor")
		first_boot(d, stick)
		d.machine.save("door")
	for name, scenario in {**SCENARIOS, **STARTS}.items():
		if wanted and name not in wanted:
			continue
		try:
			if name in STARTS:
				scenario(disk, tools)
			else:
				with watched(name, disk, tools, resume="door") as d:
					scenario(d)
		except Failed as why:
			tap.check(f"{name} comes to its end", False, why)
	return tap.end()


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
