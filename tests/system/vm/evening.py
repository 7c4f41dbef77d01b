#!/usr/bin/python3
"""An evening at the door of a box that runs the image that ships: from the first boot to the night's
rows in the organiser's store. Everything is seen from outside: the lamps' lines, the screen, a USB
stick, what the collector has. Speaks TAP.

  evening.py [SCENARIO...]     all of them, or those named; each begins at the same moment of one boot
"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import door
from door import BUILD, PARVIS, Door, run, ticket, forged
from machine import Failed, wait_until
from tap import Tap

GREEN = (0x0A, 0x6B, 0x38)
NIGHT = (0x10, 0x20, 0x3A)
ACTION = (0x1F, 0x5F, 0xD0)
CORNER = (6, 474)        # of every screen: its ground
BUTTON = (34, 425)       # of the left lower control
PICTURES = {"guest1": ("guest", 1), "guest2": ("guest", 2), "forged": ("forged", 3)}
EVENT = f"{BUILD}/event"
SLOW = 180               # seconds for what takes one or two where nothing else runs
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


def entries(store):
	"""How many came in, by this store of the organiser's."""
	if not os.path.exists(store):
		return 0
	try:
		report = json.loads(run(PARVIS, "report", "--event", EVENT, "--store", store,
		                        "--format", "json"))
	except Failed:
		return 0
	return report["entries"]


# --- the scenarios --------------------------------------------------------------------------------

def first_boot(d, stick):
	"""A box that nobody has told anything: it opens as the demo, finds a bundle on a stick, and
	becomes that door when a person agrees."""
	tap.check("it boots without a failed unit",
	          not d.shell.get("systemctl is-system-running --wait >/dev/null; "
	                          "systemctl --failed --no-legend", door.BOOT),
	          d.shell.run("systemctl --failed --no-legend")[1])
	d.machine.plug_stick(stick)
	tap.check("a bundle on a stick is shown, and waits for a person",
	          d.colour_is(*BUTTON, ACTION, SLOW))
	time.sleep(1)
	d.shot("adopt")
	tap.check("nothing of it has happened yet", not d.lamps.lit)
	wait_until("the box is this door", SLOW, lambda: adopt(d))
	d.machine.pull_stick()
	d.shot("scan")


def adopt(d):
	d.tap("become this door")
	return d.shell.run("test -e /var/lib/parvis/box/current")[0] == 0


def touch_scan(d, spot):
	"""A touch on the screen that waits for a guest, once that is back."""
	if not d.colour_is(*BUTTON, ACTION, SLOW):
		raise Failed("the screen for guests does not come back")
	d.tap(spot)


def come_in(d, name, how):
	"""Somebody comes in: green, and all off again."""
	d.lamps.dark(20)
	d.lamps.forget()
	begun = time.monotonic()
	how()
	green = d.lamps.shows("green", SLOW)
	took = time.monotonic() - begun
	d.shot(name.split()[0])
	tap.check(f"{name}: green", green, f"lit: {d.lamps.lit}")
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
	tap.check("camera: and never green", "green" not in d.lamps.seen)
	d.shot("forged")
	d.hold_up("nobody")
	rows = d.rows()
	tap.equal("every answer is a row", (3, 1),
	          (sum(r["verdict"] == "ADMIT" for r in rows), sum(r["verdict"] == "FORGED" for r in rows)))


def volunteer(d):
	"""The PIN, the headcount, one more by hand."""
	touch_scan(d, "volunteer")
	d.tap("2", "0", "1", "6", "confirm")
	tap.check("the PIN opens the headcount", d.colour_is(*BUTTON, ACTION, SLOW))
	d.shot("headcount")
	d.tap("+1")
	tap.check("+1 is a row, a volunteer's",
	          wait_until("the row", SLOW, lambda: any(r["kind"] == "adjust" and r["operator"]
	                                                 for r in d.rows())))
	d.shot("plus")
	d.tap("quit")


SCENARIOS = {"check_in": check_in, "volunteer": volunteer}


def prepare():
	os.makedirs(BUILD, exist_ok=True)
	door.make_event(EVENT)
	return door.make_tools({name: ticket(f"{kind}{n}") if kind == "guest" else forged(f"{kind}{n}")
	                        for name, (kind, n) in PICTURES.items()})


def main(wanted):
	tools = prepare()
	disk = door.make_overlay("evening")
	stick = door.make_stick(f"{BUILD}/bundle.img", [f"{EVENT}/numa.parvis"])
	tap.at("the box is switched on")
	with Door("first_boot", disk, tools) as d:
		tap.at(f"it has a shell, {d.machine.cpu_seconds():.0f} s of processor")
		first_boot(d, stick)
		tap.at("it is a door")
		d.journal()
		d.machine.save("door")
	for name in wanted or SCENARIOS:
		tap.at(name)
		with Door(name, disk, tools, resume="door") as d:
			try:
				SCENARIOS[name](d)
			except Failed as why:
				tap.check(f"{name} comes to its end", False, why)
				d.shot("failed")
			d.journal()
	return tap.end()


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
