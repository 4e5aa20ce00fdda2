"""What a life of the voyages may need, loaded before it is forked.

A process that is killed again and again would load it anew in each of a hundred lives, which takes longer than all that
it does in them.
"""

from __future__ import annotations

import importlib
import pkgutil

import sklearn.compose
import sklearn.ensemble
import sklearn.linear_model
import sklearn.metrics
import sklearn.pipeline  # noqa: F401

import shipworthy

STAGES = ("app", "base", "data", "deliver", "edges", "model", "plan", "prove", "release", "respond", "sign", "watch")
_NOT_LOADED = ("shipworthy.edges.migrations", "shipworthy.edges.brokers", "shipworthy.deliver.engines.ray")

for found in pkgutil.walk_packages(shipworthy.__path__, "shipworthy."):
    stage = found.name.split(".")[1]
    if stage in STAGES and not found.name.startswith(_NOT_LOADED):
        importlib.import_module(found.name)
