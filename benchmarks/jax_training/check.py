"""The phases on JAX against the official code's numbers in `tests/goldens`.

As `tests/models/test_parity_v1.py` and `test_parity_v2.py` check TensorFlow, with their
tolerances: an error of 1 is what they allow.
"""

from types import SimpleNamespace

import jax
import keras
import numpy as np

from jax_training.build import build_v1, build_v2
from jax_training.phases_v1 import BatchV1
from stargan_tf.data.info import DatasetInfo
from stargan_tf.models.stargan_v2.model import Batch
from tests.goldens.reference_weights import reference_array
from tests.models.golden import Golden, nhwc
from tests.models.parity import by_variable, norm_errors, weight_errors

LOSSES = 1e-4
ATTRIBUTES = DatasetInfo("celeba", tuple("abcde"), "binary", 32)
EXPRESSIONS = DatasetInfo("rafd", tuple("fghijklm"), "one_hot", 32)
CASES_V1 = {
    "v1_attributes": [ATTRIBUTES],
    "v1_expressions": [EXPRESSIONS],
    "v1_joint": [ATTRIBUTES, EXPRESSIONS],
}
CASES_V2 = ("v2_latent_reference", "v2_high_pass")
SIZE_V2, BATCH_V2 = 64, 2
LAST_PHASE = 8e-2  # see `float64` in test_parity_v2.py
NAMES_V1 = {"real": "real", "fake": "fake", "classification": "cls", "penalty": "gp"}
NAMES_V1_G = {"adversarial": "fake", "classification": "cls", "reconstruction": "rec"}
NAMES_V2 = {
    "real": "real",
    "fake": "fake",
    "reg": "r1",
    "adv": "adversarial",
    "sty": "style",
    "ds": "diversity",
    "cyc": "cycle",
}


def check(beginning: str = "v") -> bool:
    """Prints the largest error of every phase; whether all are allowed.

    Args:
        beginning: of the names of the goldens to check.
    """
    first, second = (
        [name for name in cases if name.startswith(beginning)]
        for cases in (CASES_V1, CASES_V2)
    )
    print("| golden | phase | losses | gradient norms | weights after |")
    print("|---|---|---:|---:|---:|")
    with jax.default_matmul_precision("highest"):
        worst = [check_v1(name) for name in first]
        # In float64, as the test of TensorFlow.
        jax.config.update("jax_enable_x64", True)
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        worst += [check_v2(name) for name in second]
    print(f"Largest error: {max(worst):.3g} of what the tests allow")
    return max(worst) <= 1


def check_v1(name: str) -> float:
    """All steps of one golden file; the largest error."""
    golden = Golden(name)
    phases, _ = build_v1(CASES_V1[name], **golden.options)
    state = _loaded(golden, phases)
    worst = []
    for step in golden.json["steps"]:
        batch = _batch_v1(golden, step["dataset"].lower())
        for network, names in (("discriminator", NAMES_V1), ("generator", NAMES_V1_G)):
            letter = network[0]
            update = "critic_step" if letter == "d" else "generator_step"
            state, terms, found = jax.jit(getattr(phases, update))(state, batch)
            theirs = {o: step[f"{letter}_loss_{t}"] for o, t in names.items()}
            norms = {network: step[f"{letter}_gradient_norms"]}
            after = {network: step[f"{network}_after_step"]}
            errors = _errors(golden, phases, state, found, norms, after, free=1)
            title = f"{name} | {step['dataset']}, {network}"
            worst += _row(title, _loss_errors(terms, theirs), *errors)
    return max(worst)


def check_v2(name: str) -> float:
    """The four phases of one golden file; the largest error."""
    golden = Golden(name)
    info = DatasetInfo(
        "animals", tuple("abc"[: golden.json["num_domains"]]), "one_hot", SIZE_V2
    )
    phases, _ = build_v2(info, **golden.options)
    state = _loaded(golden, phases)
    batch = _batch_v2(golden)
    worst = []
    for step in golden.json["steps"]:
        kind, source = step["phase"].split("_")
        last = step["phase"] == "generator_reference"
        update = jax.jit(getattr(phases, f"{kind}_step"), static_argnums=2)
        state, terms, found = update(state, batch, source)
        theirs = {NAMES_V2[n]: value for n, value in step["losses"].items()}
        norms, after = step["gradient_norms"], step["after_step"]
        tolerance = LAST_PHASE if last else 1e-3
        errors = _errors(
            golden, phases, state, found, norms, after, 2, tolerance, floor=2e-5
        )
        losses = _loss_errors(terms, theirs, floor=1e-5 if last else 0)
        worst += _row(f"{name} | {step['phase']}", losses, *errors)
    return max(worst)


def _loaded(golden, phases):
    """The state with the golden file's weights."""
    from jax_training.state import start

    models = {name: network.model for name, network in phases.networks.items()}
    golden.load(SimpleNamespace(**models))
    averaged = [n for n in models if len(models) == 4 and n != "discriminator"]
    return start(phases.networks, averaged)


def _batch_v1(golden, prefix):
    arrays = [golden.arrays[f"{prefix}_{n}"] for n in ("c_org", "c_trg", "alpha")]
    return BatchV1(golden.image("x_real", 4, 32), *arrays)


def _batch_v2(golden):
    seed, floatx = golden.json["seed"], keras.config.floatx()
    image, reference, reference_2 = (
        golden.image(name, BATCH_V2, SIZE_V2).astype(floatx)
        for name in ("x_real", "x_ref", "x_ref2")
    )
    domain, target = (golden.arrays[n].astype("int32") for n in ("y_org", "y_trg"))
    shape = (BATCH_V2, golden.json["latent_dim"])
    latents = [
        reference_array(n, shape, seed).astype(floatx) for n in ("z_trg", "z_trg2")
    ]
    masks = masks_of(golden)
    return Batch(image, domain, reference, reference_2, target, *latents, masks)


def masks_of(golden):
    """The golden file's high-pass masks, or None."""
    if not golden.json["w_hpf"]:
        return None
    rng = np.random.default_rng([golden.json["seed"], 99])
    for _ in range(2):
        rng.integers(0, golden.json["num_domains"], (BATCH_V2,))
    shape = (BATCH_V2, 1, SIZE_V2, SIZE_V2)
    masks = [rng.uniform(0, 1, shape) for _ in range(2)]
    return nhwc(np.concatenate(masks, axis=1).astype(np.float32))


def _loss_errors(terms, theirs, floor=0.0):
    return [
        abs(float(terms[name]) - value) / max(LOSSES * abs(value), floor)
        for name, value in theirs.items()
    ]


def _errors(
    golden, phases, state, found, norms, after, free, tolerance=1e-3, floor=0.0
):
    """Errors of the gradients' norms and of the weights after the update."""
    gradient_errors, sums = [], []
    for name, gradients in found.items():
        network = phases.networks[name]
        network.put(state.weights[name])
        weights = golden.weights(network.model)
        trained = by_variable(network.model, gradients)
        gradient_errors += norm_errors(weights, trained, norms[name], tolerance, floor)
        sums += weight_errors(weights, after[name], free)
    return [error for _, error in gradient_errors], [error for _, error in sums]


def _row(title, *columns):
    largest = [max(column) for column in columns]
    print(f"| {title} | " + " | ".join(f"{value:.2g}" for value in largest) + " |")
    return largest
