"""The register of a stream in a real file: taken by one, taken over from the dead, completed from the log, counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from shipworthy.deliver.register import ANSWERED, DEAD, SENT, TAKEN, Register, forget

HOLD = """
import sys, time
from pathlib import Path
from shipworthy.deliver.register import Register
register = Register(Path(sys.argv[1]))
register.begin("theirs")
register.take("theirs", [("a", "1"), ("b", "1"), ("c", "1")], {})
register.answered("theirs", [("b", b"message")])
print("held", flush=True)
time.sleep(60)
"""


def test_a_question_goes_from_taken_to_sent_and_leaves_no_message_behind(tmp_path: Path) -> None:
    register = Register(tmp_path)
    register.begin("run")
    assert register.take("run", [("a", "1"), ("b", "2")], {}) == {"a", "b"}
    assert register.look(["a"])["a"].state == TAKEN
    register.answered("run", [("a", b"message")])
    register.set_aside("run", [("b", "2", "stream.not_json")])
    assert (register.look(["a"])["a"].state, register.look(["a"])["a"].body) == (ANSWERED, b"message")
    assert register.look(["b"])["b"].state == DEAD
    register.sent("run", ["a", "b"], 3)
    assert (register.look(["a"])["a"].state, register.look(["a"])["a"].body) == (SENT, b"")
    counts = register.counts("run")
    assert (counts.read, counts.answered, counts.dead, counts.again) == (2, 1, {"stream.not_json": 1}, 3)
    assert "d" in register.take("run", [("a", "1"), ("d", "1")], {})
    register.give_back(["a", "d"])
    assert set(register.look(["a", "d"])) == {"a"}, "only what was taken is given back"
    register.close()
    reopened = Register(tmp_path)
    assert reopened.look(["a"])["a"].state == SENT
    reopened.close()


def test_what_a_killed_worker_held_is_free_and_what_it_logged_is_not(tmp_path: Path) -> None:
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    assert held.stdout.readline() == "held\n"
    register = Register(tmp_path)
    register.begin("ours")
    known = register.look(["a", "b"])
    assert (known["a"].alive, known["a"].mine, register.gone()) == (True, False, [])
    assert register.take("ours", [("a", "1")], {}) == set(), "another worker is at it"
    os.kill(held.pid, signal.SIGKILL)
    held.communicate()
    assert register.gone() == ["theirs"]
    assert not register.look(["a"])["a"].alive
    register.complete("theirs", [("c", ANSWERED, ""), ("b", ANSWERED, "")])
    register.free("theirs")
    assert {key: known.state for key, known in register.look(["a", "b", "c"]).items()} == {"b": ANSWERED, "c": ANSWERED}
    assert register.look(["b"])["b"].body == b"message"
    assert register.take("ours", [("a", "1")], {}) == {"a"}
    assert register.counts("theirs").answered == 2
    register.told("theirs")
    assert register.gone() == []
    register.sweep()
    assert len(list(tmp_path.glob("*.lock"))) == 1
    register.close()


def test_what_is_known_of_one_person_is_forgotten_and_that_they_asked_is_not(tmp_path: Path) -> None:
    register = Register(tmp_path)
    register.begin("run")
    register.take("run", [("a", "content-a"), ("b", "content-b"), ("c", "content-c")], {})
    register.answered("run", [("a", b'{"id": "00042"}'), ("b", b'{"id": "00007"}'), ("c", b'{"id": "x"}')])
    (tmp_path / "long.whole").write_bytes(b'{"id": "00042"}')
    assert forget(tmp_path, {"c"}, lambda text: "00042" in text) == 3
    assert forget(tmp_path, {"c"}, lambda text: "00042" in text) == 0
    known = register.look("abc")
    assert [(known[key].content, known[key].body) for key in "ac"] == [("", b"")] * 2
    assert (known["b"].content, known["b"].body) == ("content-b", b'{"id": "00007"}')
    assert register.counts("run").answered == 3
    register.close()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"00042" not in left
    assert b"content-a" not in left
