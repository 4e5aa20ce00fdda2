"""`shipworthy serve --grpc-port` as a process: asked by the client of others, followed through a release, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
import tritonclient.grpc as triton
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import begins
from e2e.voyage.test_server import SOURCES
from e2e.voyage.voyage import Voyage
from tritonclient.utils import InferenceServerException

from shipworthy.deliver.words import AnswersSealed, Trace

TRACE = "0af7651916cd43dd8448eb211c80319c"


def asked(client: triton.InferenceServerClient, token: str) -> dict[str, str]:
    """Who answered and under which name."""
    column = triton.InferInput("customer_id", [1], "BYTES")
    column.set_data_from_numpy(np.array(["00001"], dtype=object))
    headers = {"authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    told = client.infer(PRODUCT, [column], headers=headers)
    return {name: told.as_numpy(name)[0].decode() for name in ("candidate", "answer_id")}


@begins("july")
def test_a_process_answers_over_grpc_follows_a_release_and_loses_nothing_at_its_end(
    voyage: Voyage, tmp_path: Path
) -> None:
    baseline = voyage.newest()
    token = voyage.desk.people.add("shop-system")
    command = [sys.executable, "-m", "shipworthy", "serve", "--port", "0", "--grpc-port", "0", "--json"]
    environ = {**os.environ, "SHIPWORTHY_ROOT": str(tmp_path), "PYTHONPATH": str(SOURCES)}
    process = subprocess.Popen([*command, "--product", PRODUCT], env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        places = json.loads(process.stdout.readline())
        with triton.InferenceServerClient(places["grpc"]) as client:
            for _ in range(600):
                try:
                    if client.is_server_ready():
                        break
                except InferenceServerException:  # the port opens a moment after it was told
                    time.sleep(0.1)
            before = asked(client, token)
            assert before["candidate"] == baseline
            headers = {"Authorization": f"Bearer {token}"}
            plain = httpx.post(places["predictions"], json={"customer_id": "00001"}, headers=headers, trust_env=False)
            assert plain.json()["candidate"] == baseline
            model = voyage.live_model()
            until = time.monotonic() + 120
            while (after := asked(client, token))["candidate"] != model and time.monotonic() < until:
                time.sleep(0.2)
            assert after["candidate"] == model
            process.send_signal(signal.SIGTERM)
            process.wait(120)
            with pytest.raises(InferenceServerException):
                client.is_server_live()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    sealed = [one for one in voyage.facts(AnswersSealed) if one.run.startswith("serve/")]
    assert sum(one.traced for one in sealed) == sum(one.rows for one in sealed) - 1, "all but the plain call had one"
    found = voyage.ask(Trace(product=PRODUCT, answer=TRACE))
    assert {before["answer_id"], after["answer_id"]} <= {found.answer, *found.others}
