#!/usr/bin/env python3
"""Answers a program's questions at a terminal of its own.

    at_terminal.py [QUESTION=ANSWER]... -- PROGRAM [ARGUMENT]...

Waits for each question in turn, then types the answer and a newline. An answer that begins with `!` is a
command that is run first; what it prints is typed. What the terminal showed goes to standard output; the
status is the program's."""
import os
import pty
import subprocess
import sys

split = sys.argv.index("--")
talk = [word.split("=", 1) for word in sys.argv[1:split]]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])

shown, heard = b"", 0
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    while talk and talk[0][0].encode() in shown[heard:]:
        question, answer = talk.pop(0)
        heard = shown.index(question.encode(), heard) + len(question)
        if answer.startswith("!"):
            answer = subprocess.run(answer[1:], shell=True, stdout=subprocess.PIPE, text=True,
                                    env=dict(os.environ, ASKER=str(pid))).stdout.strip()
        os.write(terminal, answer.encode() + b"\n")
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
