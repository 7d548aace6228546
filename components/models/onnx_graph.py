"""A BERT encoder as an ONNX graph over weights that stay in their safetensors file: nothing to export or cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.core.errors import ModelUnavailable
from components.models.bundled_weights import CheckedWeights, StoredTensor

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

LAYERS, HEADS, DIMENSIONS, EPSILON = 6, 12, 384, 1e-12
_FUSED = "com.microsoft"  # onnxruntime's own operators: attention and layer norms in one step each


def bert_graph(weights: CheckedWeights) -> bytes:
    """The serialised ONNX model (27 kB) of all-MiniLM-L6-v2's encoder.

    Inputs: `ids` int64 and `mask` int32 (1 = a token, 0 = padding), both (batch, length), length at
    most 512. Output: `hidden` float32, (batch, length, 384). Each weight is external data by offset
    in `weights.path`; the session maps the file and folds the transposes when it opens.
    The layout is BERT's (Devlin et al. 2019) as transformers' BertModel names its tensors.
    Raises ModelUnavailable where the file lacks a tensor.
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    _embeddings(graph)
    for layer in range(LAYERS):
        _layer(graph, layer)
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"]),
        helper.make_tensor_value_info("mask", TensorProto.INT32, ["batch", "length"]),
    ]
    outputs = [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["batch", "length", DIMENSIONS])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "bert", inputs, outputs, graph.initializers),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(_FUSED, 1)],
        ir_version=9,
    )
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and initializers as they are added; every method gives the name of what it added."""

    def __init__(self, weights: CheckedWeights) -> None:
        self._path = weights.path
        self._stored: dict[str, StoredTensor] = {tensor.name: tensor for tensor in weights.tensors}
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def weight(self, name: str) -> str:
        from onnx import TensorProto

        if name not in self._stored:
            raise ModelUnavailable(f"{self._path} holds no float32 tensor {name!r}; it is not all-MiniLM-L6-v2")
        stored = self._stored[name]
        tensor = TensorProto(
            name=name, data_type=TensorProto.FLOAT, dims=stored.shape, data_location=TensorProto.EXTERNAL
        )
        for key, value in (("location", self._path.name), ("offset", stored.offset), ("length", stored.length)):
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)
        return name

    def number(self, name: str, value: int) -> str:
        from onnx import TensorProto, helper

        self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [1], [value]))
        return name

    def node(self, kind: str, inputs: list[str], output: str, *, fused: bool = False, **attributes: Any) -> str:
        from onnx import helper

        domain = _FUSED if fused else ""
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def linear(self, source: str, name: str) -> str:
        """source @ weight.T; the bias goes into the fused operator that follows."""
        weight = self.node("Transpose", [self.weight(f"{name}.weight")], f"{name}.transposed", perm=[1, 0])
        return self.node("MatMul", [source, weight], f"{name}.product")

    def residual(self, source: str, name: str, skip: str, output: str) -> str:
        """LayerNorm(linear(source) + bias + skip)."""
        names = [f"{name}.LayerNorm.weight", f"{name}.LayerNorm.bias", f"{name}.dense.bias"]
        inputs = [self.linear(source, f"{name}.dense"), skip, *map(self.weight, names)]
        return self.node("SkipLayerNormalization", inputs, output, fused=True, epsilon=EPSILON)


def _embeddings(graph: _Graph) -> None:
    zero, one, two = graph.number("zero", 0), graph.number("one", 1), graph.number("two", 2)
    length = graph.node("Slice", [graph.node("Shape", ["ids"], "shape"), one, two], "length")
    words = graph.node("Gather", [graph.weight("embeddings.word_embeddings.weight"), "ids"], "words")
    positions = graph.weight("embeddings.position_embeddings.weight")
    places = graph.node("Slice", [positions, zero, length, zero], "places")
    # One text a row, so every token is of type 0.
    kinds = graph.node("Slice", [graph.weight("embeddings.token_type_embeddings.weight"), zero, one, zero], "kinds")
    total = graph.node("Add", [words, graph.node("Add", [places, kinds], "offsets")], "total")
    norm = [graph.weight("embeddings.LayerNorm.weight"), graph.weight("embeddings.LayerNorm.bias")]
    graph.node("LayerNormalization", [total, *norm], "hidden.0", epsilon=EPSILON)


def _layer(graph: _Graph, index: int) -> None:
    name, source = f"encoder.layer.{index}", f"hidden.{index}"
    parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    products = [graph.linear(source, part) for part in parts]
    biases = [graph.weight(f"{part}.bias") for part in parts]
    bias = graph.node("Concat", biases, f"{name}.bias", axis=0)
    context = graph.node(
        "MultiHeadAttention", [*products, bias, "mask"], f"{name}.context", fused=True, num_heads=HEADS
    )
    attended = graph.residual(context, f"{name}.attention.output", source, f"{name}.attended")
    wide = [graph.linear(attended, f"{name}.intermediate.dense"), graph.weight(f"{name}.intermediate.dense.bias")]
    active = graph.node("BiasGelu", wide, f"{name}.active", fused=True)
    last = index == LAYERS - 1
    graph.residual(active, f"{name}.output", attended, "hidden" if last else f"hidden.{index + 1}")
