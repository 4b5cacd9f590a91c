"""The messages of TensorFlow Serving that a client needs, without TensorFlow.

The generated modules of `tensorflow-serving-api` import all of TensorFlow: seconds,
and half a gigabyte. Protocol buffers only agree on field numbers and types, so the
same messages are described here again, under a package name of their own so that
both can live in one process. `tests/serving/test_wire.py` holds them against the
originals.
"""

from types import SimpleNamespace

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

PACKAGE = "stargan_tf.serving.wire"
ANY = "google.protobuf.Any"
SCALARS = ("int32", "int64", "uint32", "uint64", "bool", "string", "bytes")
FLOATS = ("float", "double")

# message → "name = number: type", as in the .proto files. `[]` marks repeated fields,
# `{}` maps from strings. Enumerations are int32 here: the same on the wire.
MESSAGES = {
    "Dim": "size=1:int64 name=2:string",
    "TensorShape": "dim=2:Dim[] unknown_rank=3:bool",
    "Tensor": (
        "dtype=1:int32 tensor_shape=2:TensorShape tensor_content=4:bytes "
        "float_val=5:float[] double_val=6:double[] int_val=7:int32[] "
        "string_val=8:bytes[] int64_val=10:int64[] bool_val=11:bool[] "
        "half_val=13:int32[] uint32_val=16:uint32[] uint64_val=17:uint64[]"
    ),
    "Int64Value": "value=1:int64",
    "ModelSpec": (
        "name=1:string version=2:Int64Value signature_name=3:string "
        "version_label=4:string"
    ),
    "PredictRequest": (
        "model_spec=1:ModelSpec inputs=2:Tensor{} output_filter=3:string[]"
    ),
    "PredictResponse": "outputs=1:Tensor{} model_spec=2:ModelSpec",
    "Status": "error_code=1:int32 error_message=2:string",
    "VersionStatus": "version=1:int64 state=2:int32 status=3:Status",
    "StatusRequest": "model_spec=1:ModelSpec",
    "StatusResponse": "model_version_status=1:VersionStatus[]",
    "TensorInfo": "name=1:string dtype=2:int32 tensor_shape=3:TensorShape",
    "Signature": "inputs=1:TensorInfo{} outputs=2:TensorInfo{} method_name=3:string",
    "Signatures": "signature_def=1:Signature{}",
    "MetadataRequest": "model_spec=1:ModelSpec metadata_field=2:string[]",
    "MetadataResponse": f"model_spec=1:ModelSpec metadata=2:{ANY}{{}}",
}


def _build() -> SimpleNamespace:
    file = descriptor_pb2.FileDescriptorProto(
        name="stargan_tf/serving/wire.proto", package=PACKAGE, syntax="proto3"
    )
    file.dependency.append(any_pb2.DESCRIPTOR.name)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            _add_field(message, *_split(field))
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{PACKAGE}.{name}") for name in MESSAGES}
    return SimpleNamespace(
        **{name: message_factory.GetMessageClass(it) for name, it in found.items()}
    )


def _split(field: str) -> tuple[str, int, str]:
    name, _, rest = field.partition("=")
    number, _, kind = rest.partition(":")
    return name, int(number), kind


def _add_field(
    message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str
) -> None:
    field = message.field.add(
        name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL
    )
    if kind.endswith(("[]", "{}")):
        field.label = FieldDescriptorProto.LABEL_REPEATED
    if kind.endswith("{}"):
        kind = _add_map_entry(message, name, kind[:-2])
    _set_type(field, kind.removesuffix("[]"))


def _add_map_entry(
    message: descriptor_pb2.DescriptorProto, name: str, kind: str
) -> str:
    """A map is a repeated message of a key and a value; returns its name."""
    camel = "".join(part.capitalize() for part in name.split("_")) + "Entry"
    entry = message.nested_type.add(name=camel)
    entry.options.map_entry = True
    _add_field(entry, "key", 1, "string")
    _add_field(entry, "value", 2, kind)
    return f"{message.name}.{camel}"


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind in (*SCALARS, *FLOATS):
        field.type = getattr(FieldDescriptorProto, f"TYPE_{kind.upper()}")
        return
    field.type = FieldDescriptorProto.TYPE_MESSAGE
    field.type_name = f".{kind}" if kind == ANY else f".{PACKAGE}.{kind}"


messages = _build()
