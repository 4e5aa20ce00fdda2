"""The messages of the Open Inference Protocol over gRPC, made at run time from their names, numbers and types."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "inference.GRPCInferenceService"
_SCALARS = {"bool": 8, "int32": 5, "int64": 3, "uint32": 13, "uint64": 4, "float": 2, "double": 1, "string": 9} | {
    "bytes": 12
}
_MESSAGE, _ONCE, _MANY = 11, 1, 3

# Fields as `number name type`, with * where there are many; `map` maps texts to parameters.
_PARAMETER = (
    "1 bool_param bool, 2 int64_param int64, 3 string_param string, 4 double_param double, 5 uint64_param uint64"
)
_CONTENTS = (
    "1 bool_contents bool*, 2 int_contents int32*, 3 int64_contents int64*, 4 uint_contents uint32*, "
    "5 uint64_contents uint64*, 6 fp32_contents float*, 7 fp64_contents double*, 8 bytes_contents bytes*"
)
_TENSOR = "1 name string, 2 datatype string, 3 shape int64*, 4 parameters map, 5 contents InferTensorContents"
_MODEL = "1 model_name string, 2 model_version string, 3 id string, 4 parameters map"
MESSAGES: dict[str, str] = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "1 live bool",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "1 ready bool",
    "ModelReadyRequest": "1 name string, 2 version string",
    "ModelReadyResponse": "1 ready bool",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "1 name string, 2 version string, 3 extensions string*",
    "ModelMetadataRequest": "1 name string, 2 version string",
    "ModelMetadataResponse": "1 name string, 2 versions string*, 3 platform string, "
    "4 inputs ModelMetadataResponse.TensorMetadata*, 5 outputs ModelMetadataResponse.TensorMetadata*",
    "ModelMetadataResponse.TensorMetadata": "1 name string, 2 datatype string, 3 shape int64*",
    "InferParameter": _PARAMETER,
    "InferTensorContents": _CONTENTS,
    "ModelInferRequest": f"{_MODEL}, 5 inputs ModelInferRequest.InferInputTensor*, "
    "6 outputs ModelInferRequest.InferRequestedOutputTensor*, 7 raw_input_contents bytes*",
    "ModelInferRequest.InferInputTensor": _TENSOR,
    "ModelInferRequest.InferRequestedOutputTensor": "1 name string, 2 parameters map",
    "ModelInferResponse": f"{_MODEL}, 5 outputs ModelInferResponse.InferOutputTensor*, 6 raw_output_contents bytes*",
    "ModelInferResponse.InferOutputTensor": _TENSOR,
}


def messages() -> dict[str, Any]:
    """The class of each message by name, in a pool of their own, so that they meet no other definition of them."""
    file = descriptor_pb2.FileDescriptorProto(name="open_inference.proto", package="inference", syntax="proto3")
    made: dict[str, Any] = {}
    for name, fields in MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        made[name] = (made[outer].nested_type if outer else file.message_type).add(name=inner)
        for field in filter(None, fields.split(", ")):
            _add(made[name], name, *field.split(" "))
    _choice(made["InferParameter"])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"inference.{name}")) for name in MESSAGES}


def _add(message: Any, owner: str, number: str, name: str, kind: str) -> None:
    if kind == "map":
        entry = message.nested_type.add(name="ParametersEntry")
        entry.options.map_entry = True
        _add(entry, "", "1", "key", "string")
        _add(entry, "", "2", "value", "InferParameter")
        kind = f"{owner}.ParametersEntry*"
    field = message.field.add(name=name, number=int(number), label=_MANY if kind.endswith("*") else _ONCE)
    known = kind.rstrip("*")
    field.type = _SCALARS.get(known, _MESSAGE)
    if field.type == _MESSAGE:
        field.type_name = f".inference.{known}"


def _choice(message: Any) -> None:
    message.oneof_decl.add(name="parameter_choice")
    for field in message.field:
        field.oneof_index = 0
