"""Kafka's mock cluster in a process of its own, whose only broker goes down and up as it is told on standard input."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import confluent_kafka

_PRODUCER, _BROKER = 0, 1


def main() -> None:
    """Say the address, then obey until the input ends."""
    [file] = Path(confluent_kafka.__file__).parents[1].glob("confluent_kafka.libs/librdkafka-*")
    library = ctypes.CDLL(str(file))
    pointer = ctypes.c_void_p
    library.rd_kafka_conf_new.restype = library.rd_kafka_new.restype = pointer
    library.rd_kafka_mock_cluster_new.restype = pointer
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    said = ctypes.create_string_buffer(512)
    handle = library.rd_kafka_new(_PRODUCER, pointer(library.rd_kafka_conf_new()), said, ctypes.c_size_t(512))
    cluster = pointer(library.rd_kafka_mock_cluster_new(pointer(handle), 1))
    print(library.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    for line in sys.stdin:
        wanted = library.rd_kafka_mock_broker_set_down if line == "down\n" else library.rd_kafka_mock_broker_set_up
        wanted(cluster, ctypes.c_int32(_BROKER))
        print(line, end="", flush=True)


if __name__ == "__main__":
    main()
