"""A pipeline that never ends: Ctrl-C ends it, and the next command finds a store in which nothing hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from shipworthy.plan.reference_examples import WITH_PIPELINE

ENDLESS = """
def features(visits, as_of):
    open('begun', 'w').close()
    while True:
        pass
"""
GOOD = """
import pandas as pd
from sklearn.linear_model import LogisticRegression

def features(visits, as_of):
    return visits.groupby('subscriber', as_index=False).agg(minutes_30=('minutes', 'mean'))

def label(visits, as_of, until):
    told = visits[(visits['day'] >= as_of) & visits['cancelled']]
    return pd.DataFrame({'subscriber': told['subscriber'].unique(), 'label': 1})

def train(features, label):
    return LogisticRegression().fit(features, label)
"""


def command(folder: Path, *words: str, token: str = "") -> subprocess.Popen[str]:
    """Our command in that folder, as a person starts it: Ctrl-C reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIPWORTHY_")}
    login = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config"), "SHIPWORTHY_TOKEN": token}
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from shipworthy.doors.cli.main import run; run()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env={**kept, **login},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(folder: Path, *words: str, token: str = "") -> str:
    """What a command that must succeed prints."""
    process = command(folder, *words, token=token)
    text, _ = process.communicate()
    assert process.returncode == 0, text
    return text


def test_control_c_ends_an_endless_pipeline_and_the_next_command_works(tmp_path: Path) -> None:
    said(tmp_path, "init")
    text = WITH_PIPELINE.replace("need:", "time: {clock: simulated, start: 2026-03-02}\n\nneed:", 1)
    (tmp_path / "product.yaml").write_text(text.replace("freshness: 8d", "freshness: 35d"))
    (tmp_path / "feed").mkdir()
    rows = [
        f"s{who:02},{2025 + month // 12}-{month % 12 + 1:02}-15,{who + month},{str(who < 30).lower()}"
        for month in range(6, 14)
        for who in range(60)
    ]
    (tmp_path / "feed" / "visits-all.csv").write_text("\n".join(["subscriber,day,minutes,cancelled", *rows]))
    said(tmp_path, "plan")
    builder = said(tmp_path, "people", "add", "data-scientist").split()[1]

    (tmp_path / "pipeline.py").write_text(ENDLESS)
    endless = command(tmp_path, "train", token=builder)
    while not (tmp_path / "begun").exists() and endless.poll() is None:
        time.sleep(0.1)
    endless.send_signal(signal.SIGINT)
    text, _ = endless.communicate()
    assert endless.returncode == 130, text

    (tmp_path / "pipeline.py").write_text(GOOD)
    assert "candidate" in said(tmp_path, "train", token=builder)
