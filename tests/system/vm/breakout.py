#!/usr/bin/python3
"""Ways out of a box, tried one after the other on the image that ships: what a guest, a volunteer or a
neighbour on the network can do with hands, cables and packets, and what a program can do that was taken
over. After each step the box has to be what it was; after each part it lets a guest in. Breaches are
planted, too: what looks for them has to see them. Speaks TAP; what came of each step becomes
board/BREAKOUT.md, in $PARVIS_SYSTEM, and with PARVIS_PUBLISH=FILE there.

  breakout.py [PART...]     all of them, or those named; each begins at the same moment of one boot, with
                            PARVIS_KEPT=1 of the boot of the run before, whose results are kept, too
"""
import datetime
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import door
import ends
import hands
import inside
import lines  # noqa: F401 its steps
import machine
import plugs  # noqa: F401
from box import BOOT_CARDS, Box, Breach, CONTROLS, PARTS, tap
from door import BUILD, Door, run
from machine import Failed

TABLE = "board/BREAKOUT.md"
EVENT = f"{BUILD}/event"


def publish(came):
	"""The table with what came, and on which image where that is another than the last."""
	seen, last = came["seen"], came["image"]
	qemu = run(*machine.find_qemu(door.BUILDER), "--version").splitlines()[0]
	with open(TABLE) as f:
		text = f.read()
	for row in re.findall(r"^\| ([A-Z][0-9]+) \|.*$", text, re.M):
		if row in seen:
			text = re.sub(rf"^(\| {row} \|.*\| )[^|]*\|$", lambda m, s=seen[row]: m[1] + s["came"] +
			              (" |" if s["image"] == last else f" ({s['image']}) |"), text,
			              flags=re.M)
	tried = f"Last tried: {datetime.date.today()}, image {last}, {qemu}."
	text = re.sub(r"^Last tried: .*$", tried, text, flags=re.M)
	units = "".join(f"| {name} | {inside.EXPOSED.get(name, inside.OTHERS)} | {figure} |\n"
	                for name, figure in sorted(came["exposed"].items()))
	text = re.sub(r"(\| unit \|.*\n\| --- .*\n)(\|.*\n)*", lambda m: m[1] + units, text)
	for path in {f"{BUILD}/BREAKOUT.md", os.environ.get("PARVIS_PUBLISH", f"{BUILD}/BREAKOUT.md")}:
		with open(path, "w") as f:
			f.write(text)


def rows():
	"""The steps of the table that a machine can try."""
	with open(TABLE) as f:
		return re.findall(r"^\| ([A-Z][0-9]+) \| (?!\*\*[HE]\*\*)", f.read(), re.M)


def try_part(name, box, seen, image):
	for number, act in PARTS[name]:
		tap.at(number)
		try:
			came = act(box) or "nothing"
			box.same()
			seen[number] = {"came": came, "image": image}
			tap.check(f"{number}: {came}", True)
		except (Breach, Failed) as why:
			said = "**gets out**: " if isinstance(why, Breach) else "not tried to its end: "
			seen[number] = {"came": said + str(why).splitlines()[0], "image": image}
			tap.check(f"{number}: {act.__name__.replace('_', ' ')}", False, why)
			box.d.shot(number)
			box.begin()
	try:
		box.opens_to_a_guest()
		tap.check(f"{name}: afterwards a guest comes in, and the log is whole", True)
	except (Breach, Failed) as why:
		tap.check(f"{name}: afterwards a guest comes in, and the log is whole", False, why)
		box.d.shot(f"{name}-afterwards")
	for plant in CONTROLS.get(name, ()):
		what = plant.__name__.replace("_", " ")
		try:
			plant(box)
			box.changes(10)
			box.same(3)
			tap.check(f"planted and seen: {what}", False, "nobody saw it")
		except Breach:
			tap.check(f"planted and seen: {what}", True)
		except Failed as why:
			tap.check(f"planted and seen: {what}", False, why)
		box.begin()


def first_boot(disk, tools, stick, cards):
	with Door("first", disk, tools, more=cards) as d:
		version = d.shell.get(". /etc/os-release; echo $VERSION_ID")
		d.shell.get("systemctl is-system-running --wait >/dev/null; true", door.BOOT)
		d.become(stick)
		tap.at(f"it is a door, {d.machine.cpu_seconds():.0f} s of processor")
		d.machine.save("door")
		box = Box(d, f"{BUILD}/cable")
		box.wait("the stick is out", lambda: d.shell.run("grep -q ' /media/' /proc/self/mountinfo")[0] != 0)
		box.begin()
		return {"image": version, "lasting": box.lasting(), "seen": {}, "exposed": {}}


def main(wanted):
	os.makedirs(f"{BUILD}/sticks", exist_ok=True)
	disk, tools, cards = f"{BUILD}/breakout.qcow2", f"{BUILD}/tools.img", BOOT_CARDS(BUILD)
	if os.environ.get("PARVIS_KEPT"):
		with open(f"{BUILD}/came.json") as f:
			came = json.load(f)
	else:
		door.make_event(EVENT)
		tools = door.make_tools({"guest1": door.ticket("guest1"), **hands.CODES})
		stick = door.make_stick(f"{BUILD}/bundle.img", [f"{EVENT}/numa.parvis"])
		disk = door.make_overlay("breakout")
		came = first_boot(disk, tools, stick, cards)
	seen, spent = came["seen"], 0
	for name in wanted or PARTS:
		tap.at(name)
		resumes = name != "start"
		with Door(name, disk, tools, resume="door" if resumes else None, wait=resumes,
		          more=cards + ([] if resumes else ends.start_with())) as d:
			box = Box(d, f"{BUILD}/cable")
			try:
				if resumes:
					box.begin()
					box.camera(name == "codes")
				box.lasting_before = came["lasting"]
				try_part(name, box, seen, came["image"])
				d.journal()
			except Failed as why:
				tap.check(f"{name} comes to its end", False, why)
				d.shot("failed")
			tap.at(f"{name}: {d.machine.cpu_seconds():.0f} s of processor")
			came["exposed"] |= box.exposed
			spent += d.machine.cpu_seconds()
		with open(f"{BUILD}/came.json", "w") as f:
			json.dump(came, f)
	tap.note(f"{len(seen)} steps, {spent:.0f} s of processor beside the first boot")
	publish(came)
	if not wanted:
		tap.equal("every step that a machine can try was tried", sorted(rows()), sorted(seen))
		tap.check("and they are sixty or more", len(seen) >= 60, len(seen))
	return tap.end()


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
