"""Models that hold an op which no interpreter knows by itself."""

from __future__ import annotations

import flatbuffers

from tfedge.modelfile.schema import load_schema


def with_custom_op(model_bytes: bytes, name: str) -> bytes:
    """Returns the model with its first kind of op replaced by the custom op `name`."""
    schema = load_schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model_bytes, 0))
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = name
    builder = flatbuffers.Builder(len(model_bytes))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
