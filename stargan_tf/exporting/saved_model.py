"""A trained model → the next version of a SavedModel for TF Serving."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf import files
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.pictures import to_float
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import DataChoice
from stargan_tf.exporting import pictures_in_graph as pictures
from stargan_tf.exporting.agreement import (
    GREY_LEVEL,
    PIXEL_SPAN,
    Agreement,
    Comparison,
    Disagreement,
    Limit,
    SampleImages,
    described_model,
    held_out_images,
    model_in_float32,
)
from stargan_tf.models.registry import family
from stargan_tf.training.checkpoints import State
from stargan_tf.training.run_folder import open_checkpoint

# One question to a SavedModel, with Keras' answer.


@dataclass(frozen=True)
class Case:
    """A request of many rows.

    Args:
        signature: its name.
        inputs: {input: (n, …)}.
        output: the output's name.
        expected: computes what Keras gives, (n, …).
    """

    signature: str
    inputs: Mapping[str, np.ndarray]
    output: str
    expected: Callable[[], np.ndarray]


def as_files(images: np.ndarray) -> np.ndarray:
    """PNG files.

    Args:
        images: uint8 (n, height, width, 3).

    Returns:
        Objects of bytes (n,).
    """
    return np.array([tf.io.encode_png(image).numpy() for image in images], object)


def as_floats(values: np.ndarray) -> np.ndarray:
    """Pictures, as files or uint8, as floats in [-1, 1]; floats as they are.

    Args:
        values: (n, …).
    """
    if values.dtype == object:
        values = np.stack([tf.io.decode_png(file).numpy() for file in values])
    return to_float(values)


# One signature of a SavedModel, before it is written.

FLOAT_SUFFIX = "_float"


@dataclass(frozen=True)
class Endpoint:
    """A signature.

    Args:
        name: of the signature.
        function: tensors in the order of `inputs` → {output name: tensor}.
        inputs: `tf.TensorSpec`s with names.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    inputs: tuple[tf.TensorSpec, ...]


@dataclass(frozen=True)
class ServedForm:
    """A model as a SavedModel.

    Args:
        endpoints: its signatures, the default one first.
        networks: the Keras layers whose weights they use.
        cases: pictures → what Keras and the export are both asked.
    """

    endpoints: tuple[Endpoint, ...]
    networks: tuple[Any, ...]
    cases: Callable[[SampleImages], list[Case]]


def image_spec(name: str, size: int, dtype: tf.DType = tf.uint8) -> tf.TensorSpec:
    """The spec of a batch of square RGB images.

    Args:
        name: of the input.
        size: side in pixels.
        dtype: `tf.uint8`, or `tf.float32` for [-1, 1].
    """
    return tf.TensorSpec((None, size, size, 3), dtype, name=name)


def row_spec(name: str, width: int | None, dtype: tf.DType) -> tf.TensorSpec:
    """The spec of one row, or one value, for each image.

    Args:
        name: of the input.
        width: of a row; None for single values.
        dtype: of the values.
    """
    shape = (None,) if width is None else (None, width)
    return tf.TensorSpec(shape, dtype, name=name)


# Names of domains → their numbers, inside of the graph.


def domain_numbers(info: DatasetInfo, names):
    """The numbers of domains.

    Args:
        info: the model's domains.
        names: string (n,).

    Returns:
        int32 (n,). An unknown name is INVALID_ARGUMENT.
    """
    hits = tf.strings.strip(names)[:, None] == list(info.domains)
    found = tf.reduce_all(tf.reduce_any(hits, axis=1))
    known = ", ".join(info.domains)
    message = f"An unknown domain. The model has {known}. Received:"
    with tf.control_dependencies([tf.debugging.Assert(found, [message, names])]):
        return tf.argmax(tf.cast(hits, tf.int32), axis=1, output_type=tf.int32)


# What `Blond_Hair,Young` means for a source's label, inside of the graph.


class TargetNames:
    """Names of labels → label vectors.

    Args:
        space: the model's names.
    """

    def __init__(self, space: LabelSpace):
        self._space = space
        self._bare = [name for info in space.datasets for name in info.domains]
        self._full = [f"{i.name}.{name}" for i in space.datasets for name in i.domains]
        self._owner = np.concatenate(
            [
                np.full(len(info.domains), number)
                for number, info in enumerate(space.datasets)
            ]
        )
        self._rivals = _rivals(space)

    def labels(self, names, probabilities):
        """The label vectors that pictures are translated to.

        Args:
            names: string (n,), `NAME`, `NAME=0` or `NAME=1`, several with commas.
            probabilities: float (n, num_domains), of the source's own labels.

        Returns:
            float32 (n, width of the label vector). A target that makes no sense is
            INVALID_ARGUMENT.
        """
        on, off = self._switched(names)
        owners = tf.one_hot(self._owner, len(self._space.datasets))
        used = tf.matmul(tf.cast(on | off, tf.float32), owners) > 0  # (n, data sets)
        source = self._source(probabilities)
        wanted = tf.where(on, 1.0, tf.where(off, 0.0, source))
        beaten = tf.matmul(tf.cast(on, tf.float32), self._rivals) > 0
        wanted = tf.where(beaten & ~on, 0.0, wanted)
        known = tf.gather(used, self._owner, axis=1)
        checks = self._checks(on, off, beaten, used)
        with tf.control_dependencies(checks):
            wanted = tf.where(known, wanted, 0.0)
        if not self._space.mask_width:
            return wanted
        return tf.concat([wanted, tf.cast(used, tf.float32)], axis=1)

    def _switched(self, names):
        """Which labels are switched on, and which off: two bool (n, num_domains)."""
        items = tf.strings.split(names, ",")  # ragged (n, ?)
        flat = tf.strings.strip(items.flat_values)
        bare = tf.strings.regex_replace(flat, "=[01]$", "")
        low = tf.strings.regex_full_match(flat, ".*=0")
        hits = (bare[:, None] == self._bare) | (bare[:, None] == self._full)
        count = tf.reduce_sum(tf.cast(hits, tf.int32), axis=1)
        known = ", ".join(self._bare)
        checks = [
            tf.debugging.Assert(
                tf.reduce_all(count > 0),
                [f"An unknown label name. The model has {known}. Received:", names],
            ),
            tf.debugging.Assert(
                tf.reduce_all(count < 2),
                ["A name of several data sets: write DATASET.NAME. Received:", names],
            ),
        ]
        with tf.control_dependencies(checks):
            hits = tf.identity(hits)
        rows = items.value_rowids(), items.nrows()
        return tuple(_any(hits & chosen[:, None], *rows) for chosen in (~low, low))

    def _source(self, probabilities):
        """The source's own labels, 0 or 1, as `translation.targets.binarise`."""
        parts = []
        for info, part in zip(self._space.datasets, self._space.slices, strict=True):
            likely = probabilities[:, part]
            if info.label_type == ONE_HOT:
                # The target says everything.
                parts.append(tf.zeros_like(likely))
                continue
            columns = tf.unstack(tf.cast(likely >= 0.5, tf.float32), axis=1)
            for group in info.exclusive_groups:
                indices = [info.index(domain) for domain in group]
                members = tf.gather(likely, indices, axis=1)
                some = tf.reduce_sum(members, axis=1, keepdims=True) >= 0.5
                best = tf.one_hot(tf.argmax(members, axis=1), len(indices))
                best *= tf.cast(some, tf.float32)
                for place, index in enumerate(indices):
                    columns[index] = best[:, place]
            parts.append(tf.stack(columns, axis=1))
        return tf.concat(parts, axis=1)

    def _checks(self, on, off, beaten, used):
        one_hot = np.array([i.label_type == ONE_HOT for i in self._space.datasets])
        owners = tf.one_hot(self._owner, len(self._space.datasets))
        chosen = tf.matmul(tf.cast(on, tf.float32), owners) > 0
        rules = (
            (~(on & off), "A target wants a label both on and off. Keep one."),
            (~(on & beaten), "A target wants two labels that exclude each other."),
            (
                tf.reduce_sum(tf.cast(used, tf.int32), axis=1) == 1,
                "A target names labels of one data set at a time.",
            ),
            (
                chosen | ~used | ~one_hot[None],
                "Exactly one of these labels is on: name the one to switch to.",
            ),
        )
        return [tf.debugging.Assert(tf.reduce_all(ok), [text]) for ok, text in rules]


def _any(flags, row, rows):
    summed = tf.math.unsorted_segment_sum(tf.cast(flags, tf.int32), row, rows)
    return summed > 0


def _rivals(space: LabelSpace) -> np.ndarray:
    """(num_domains, num_domains): 1 where the column is switched off by the row."""
    matrix = np.zeros((space.num_domains, space.num_domains), np.float32)
    for info, part in zip(space.datasets, space.slices, strict=True):
        for domain in info.domains:
            for rival in info.rivals(domain):
                row, column = info.index(domain), info.index(rival)
                matrix[part.start + row, part.start + column] = 1.0
    return matrix


# Checks inside of the graph.


def checked(endpoint: Endpoint) -> Endpoint:
    """The endpoint behind checks of every input's shape and of equal batches.

    Args:
        endpoint: any.
    """

    def function(*inputs):
        batches = [tf.shape(tensor)[0] for tensor in inputs]
        shaped = [
            _ensured(tensor, spec)
            for tensor, spec in zip(inputs, endpoint.inputs, strict=True)
        ]
        names = ", ".join(spec.name for spec in endpoint.inputs)
        equal = [
            tf.debugging.assert_equal(
                batch,
                batches[0],
                f"Send as many rows in each of {names}: one per image",
            )
            for batch in batches[1:]
        ]
        filled = tf.debugging.assert_positive(
            batches[0], f"The batch is empty. Send at least one row in {names}"
        )
        with tf.control_dependencies([filled, *equal]):
            return endpoint.function(*(tf.identity(tensor) for tensor in shaped))

    return Endpoint(endpoint.name, function, endpoint.inputs)


def _ensured(tensor, spec):
    # It stays in the graph, although the signature says the same.
    return tf.ensure_shape(tensor, spec.shape, name=f"shape_of_{spec.name}")


def check_between(values, low, high, message):
    """Values, or INVALID_ARGUMENT if one of them is outside of [low, high].

    Args:
        values: tensor.
        low: smallest value allowed.
        high: largest value allowed.
        message: the sentence.
    """
    inside = tf.reduce_all((values >= low) & (values <= high))
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, values])]):
        return tf.identity(values)


# How pictures get into a signature and out of it: as arrays, or as files.

ENCODED_SUFFIX = "_encoded"


class Arrays:
    """Pictures as arrays of the model's size.

    Args:
        size: side in pixels.
        dtype: `tf.uint8`, or `tf.float32` for [-1, 1].
    """

    by_name = False
    images = "images"

    def __init__(self, size: int, dtype: tf.DType):
        self._size, self._dtype = size, dtype
        self.suffix = "" if dtype == tf.uint8 else FLOAT_SUFFIX

    def spec(self, name: str) -> tf.TensorSpec:
        """The input that brings pictures.

        Args:
            name: of the input.
        """
        return image_spec(name, self._size, self._dtype)

    def floats(self, images):
        """What arrives as float32 in [-1, 1]."""
        return pictures.to_float(images) if self._dtype == tf.uint8 else images

    def result(self, drawn):
        """{output: what leaves}, of float images in [-1, 1]."""
        plain = self._dtype == tf.uint8
        return {"images": pictures.to_uint8(drawn) if plain else drawn}


class Files:
    """Pictures as files of any size; what is meant is said by names.

    Args:
        size: side in pixels of what the model takes.
        description: `fit` and `crop_size` say how files become squares.
    """

    by_name = True
    images = "encoded"
    suffix = ENCODED_SUFFIX

    def __init__(self, size: int, description: Mapping[str, Any]):
        self._square = size, description["fit"], description["crop_size"]

    def spec(self, name: str) -> tf.TensorSpec:
        """As `Arrays.spec`."""
        return row_spec(name, None, tf.string)

    def floats(self, files):
        """As `Arrays.floats`."""
        return pictures.to_float(pictures.decode(files, *self._square))

    def result(self, drawn):
        """As `Arrays.result`."""
        return {"encoded_bytes": pictures.encode(pictures.to_uint8(drawn))}


def transports(size: int, description: Mapping[str, Any]) -> tuple[Any, ...]:
    """uint8, float and files: a signature for each.

    Args:
        size: side of the model's images in pixels.
        description: as in `model.json`.
    """
    arrays = (Arrays(size, dtype) for dtype in (tf.uint8, tf.float32))
    return (*arrays, Files(size, description))


# Version folders of a served model: `NAME/1`, `NAME/2`, …


def versions(folder: Path) -> list[int]:
    """The version numbers in a model's folder, in order; it need not exist.

    Args:
        folder: the model's.
    """
    found = (path.name for path in folder.glob("*/") if path.name.isdigit())
    return sorted(int(name) for name in found)


def next_version(folder: Path) -> Path:
    """Where the next version goes.

    Args:
        folder: the model's; it need not exist.

    Raises:
        InputError: if `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            f"--output must be a folder, such as saved_models/faces. Received the file "
            f"{folder}"
        )
    return folder / str(max(versions(folder), default=0) + 1)


def served_version(folder: Path) -> int:
    """The newest version in a model's folder.

    Args:
        folder: the model's.

    Raises:
        InputError: if it has no version.
    """
    command = (
        "Make one with: stargan-tf export --model DIR --format saved_model "
        f"--output {folder}"
    )
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. {command}")
    found = versions(folder)
    if found:
        return found[-1]
    if (folder / "saved_model.pb").exists():
        raise InputError(
            f"{folder} is one version. Name the folder it lies in: "
            f"{folder.resolve().parent}"
        )
    raise InputError(f"{folder} holds no version (a folder 1, 2, …). {command}")


# The text files that TF Serving is started with.

MAX_BATCH = 8
_SIZES = (1, 2, 4, 8)


def batching_config() -> str:
    """`--batching_parameters_file`: requests that come together are computed together.

    The allowed sizes are few, so that few shapes are compiled; smaller batches are
    padded by TF Serving.
    """
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in _SIZES)
    return (
        f"max_batch_size {{ value: {MAX_BATCH} }}\n"
        "batch_timeout_micros { value: 5000 }\n"
        "max_enqueued_batches { value: 100 }\n"
        "num_batch_threads { value: 2 }\n"
        f"{sizes}\n"
    )


def models_config(name: str) -> str:
    """`--model_config_file`: the newest version of one model.

    Args:
        name: of the model, which is also the folder's below `/models`.
    """
    # Quoted as JSON is: the text format reads the same escapes.
    quoted, path = (
        json.dumps(text, ensure_ascii=False) for text in (name, f"/models/{name}")
    )
    return (
        "model_config_list {\n"
        "  config {\n"
        f"    name: {quoted}\n"
        f"    base_path: {path}\n"
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { latest { num_versions: 1 } }\n"
        "  }\n"
        "}\n"
    )


# Requests that TF Serving answers for itself before it says that it is ready.

FILE = "tf_serving_warmup_requests"


def write_warmup(path: Path, model: str, endpoints: list[Endpoint], names: list[str]):
    """One request for each signature, of one image.

    Args:
        path: the file to write, a TFRecord of `PredictionLog`.
        model: the model's name on the server.
        endpoints: its signatures.
        names: of its labels; the first one is asked for.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    with tf.io.TFRecordWriter(str(path)) as writer:
        for endpoint in endpoints:
            request = predict_pb2.PredictRequest()
            request.model_spec.name = model
            request.model_spec.signature_name = endpoint.name
            for spec in endpoint.inputs:
                example = tf.make_tensor_proto(_example(spec, names[0]))
                request.inputs[spec.name].CopyFrom(example)
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())


def _example(spec: tf.TensorSpec, name: str) -> np.ndarray:
    if spec.dtype == tf.string:
        content = name.encode() if spec.name == "names" else _png()
        return np.array([content], object)
    return np.zeros([side or 1 for side in spec.shape], spec.dtype.as_numpy_dtype)


def _png() -> bytes:
    return tf.io.encode_png(tf.zeros((8, 8, 3), tf.uint8)).numpy()


# A written SavedModel against the Keras model it was made of.

FLOATS = Limit(max=1e-3)
# What is rounded may fall on the other side.
LEVELS = Limit(max=GREY_LEVEL * 1.001)
_PICTURES = ("images", "encoded_bytes")
_ROWS = 4  # at a time: a few large pictures fit into any memory


def compare(folder: Path, cases: Sequence[Case]) -> dict[str, Agreement]:
    """Loads an export and asks it what Keras is asked.

    Args:
        folder: of the SavedModel.
        cases: the questions.

    Returns:
        Signature → how it agrees, pictures on the scale of [-1, 1].

    Raises:
        Disagreement: if one is too far from Keras.
    """
    signatures = tf.saved_model.load(str(folder)).signatures
    return {
        case.signature: _agreement(case, signatures[case.signature])
        for case in tqdm(cases, "Comparing with Keras")
    }


def _agreement(case: Case, signature: Any) -> Agreement:
    drawn = case.output in _PICTURES
    comparison = Comparison(PIXEL_SPAN if drawn else None)
    received = as_floats(_answer(case, signature))
    comparison.add(as_floats(case.expected()), received)
    agreement = comparison.result()
    rounded = drawn and not case.signature.endswith(FLOAT_SUFFIX)
    limit = LEVELS if rounded else FLOATS
    if not limit.kept(agreement):
        raise Disagreement(
            f"Signature '{case.signature}' differs too much from Keras: {agreement}; "
            f"it needs {limit}. Nothing was written. Pass --nocheck to write it all "
            "the same."
        )
    return agreement


def _answer(case: Case, signature: Any) -> np.ndarray:
    count = len(next(iter(case.inputs.values())))
    parts = []
    for start in range(0, count, _ROWS):
        rows = slice(start, start + _ROWS)
        tensors = {key: tf.constant(value[rows]) for key, value in case.inputs.items()}
        parts.append(signature(**tensors)[case.output].numpy())
    return np.concatenate(parts)


FORMAT = "stargan_tf.saved_model/1"
EXTRA = "assets.extra"
DESCRIPTION = "model.json"
DEFAULT = "serving_default"


@dataclass(frozen=True)
class SavedModelOptions:
    """How to export.

    Args:
        check: whether to compare with Keras.
        data: what to compare on; by default the run's own held-out images.
    """

    check: bool = True
    data: DataChoice = field(default_factory=DataChoice)


def export_saved_model(
    checkpoint: Path, state: State, output: Path, options: SavedModelOptions
) -> tuple[Path, dict[str, Agreement]]:
    """Writes `output/1`, or the next number; whole or not at all.

    A server that watches `output` sees the new version when it is complete.

    Args:
        checkpoint: the checkpoint's folder.
        state: its state file.
        output: the model's folder; its name is the model's name on the server.
        options: how.

    Returns:
        The version's folder, and how the signatures agree with Keras.

    Raises:
        Disagreement: if one differs too much.
        InputError: if it cannot be written, or the family has no such form.
        ImportError: without tensorflow-serving-api.
    """
    model = model_in_float32(open_checkpoint(checkpoint, state))
    description = {"format": FORMAT, **described_model(state)}
    description |= _sizes(model)
    form: ServedForm = resolve_name(family(state.model).served)(model, description)
    endpoints = _checked(form, description)
    version = next_version(output)
    agreement: dict[str, Agreement] = {}
    try:
        with files.new_folder(version, "export", replace=False) as folder:
            _write(folder, form, endpoints)
            if options.check:
                pictures = held_out_images(checkpoint, state, options.data)
                agreement = compare(folder, form.cases(pictures))
            shown = {name: found.to_dict() for name, found in agreement.items()}
            _write_extras(
                folder,
                output.resolve().name,
                endpoints,
                {**description, "agreement": shown},
            )
    except tf.errors.OpError as error:
        raise files.NotWritten(version, "export", error) from error
    return version, agreement


def _checked(form: ServedForm, description: Mapping[str, Any]) -> list[Endpoint]:
    """All signatures behind their checks; the first one under a second name."""
    first = form.endpoints[0]
    default = Endpoint(DEFAULT, first.function, first.inputs)
    every = (default, *form.endpoints, _describe(description))
    return [checked(endpoint) for endpoint in every]


def _sizes(model: Any) -> dict[str, Any]:
    names = ("style_dim", "latent_dim", "high_pass")
    return {name: getattr(model, name) for name in names if hasattr(model, name)}


def _describe(description: Mapping[str, Any]) -> Endpoint:
    text = json.dumps(description)

    def describe(names):
        return {"description_bytes": tf.fill(tf.shape(names), text)}

    return Endpoint("describe", describe, (row_spec("names", None, tf.string),))


def _write(folder: Path, form: ServedForm, endpoints: list[Endpoint]) -> None:
    archive = keras.export.ExportArchive()
    # Not `track(network)`: it writes every weight twice, as Keras' and as TensorFlow's.
    weights = [v.value for network in form.networks for v in network.variables]
    archive.add_variable_collection("weights", weights)
    for endpoint in endpoints:
        archive.add_endpoint(
            endpoint.name, endpoint.function, input_signature=list(endpoint.inputs)
        )
    archive.write_out(str(folder), verbose=False)


def _write_extras(
    folder: Path, name: str, endpoints: list[Endpoint], description: dict[str, Any]
) -> None:
    extra = folder / EXTRA
    extra.mkdir()
    files.write_json(extra / DESCRIPTION, description)
    files.write_text(extra / "batching.config", batching_config())
    files.write_text(extra / "models.config", models_config(name))
    write_warmup(extra / FILE, name, endpoints, list(description["domains"]))
