"""What tests/run.sh reads: one line a test, the plan at the end."""
import time


class Tap:
	def __init__(self):
		self.number = 0
		self.failed = 0
		self.begun = time.monotonic()

	def _say(self, line):
		print(line, flush=True)

	def note(self, text):
		for line in str(text).splitlines():
			self._say(f"# {line}")

	def check(self, name, holds, why=""):
		"""One test; why is shown where it fails."""
		self.number += 1
		if not holds:
			self.failed += 1
			self.note(why)
		self._say(f"{'' if holds else 'not '}ok {self.number} - {name}")
		return bool(holds)

	def equal(self, name, wanted, got):
		return self.check(name, wanted == got, f"expected: {wanted}\n     got: {got}")

	def skip(self, name, why):
		self.number += 1
		self._say(f"ok {self.number} - {name} # SKIP {why}")

	def at(self, what):
		"""What is done now, and how long it has taken so far."""
		self.note(f"{time.monotonic() - self.begun:6.1f} s  {what}")

	def end(self):
		self._say(f"1..{self.number}")
		return 1 if self.failed or not self.number else 0
