"""Computes `tests/goldens/float64.json`: losses and gradients in float64.

    python -m benchmarks.peer.goldens            # writes the file
    python -m benchmarks.peer.goldens --noise 1e-7

The golden files of the official code are in float32, where the gradient of a ReLU whose
input is close to 0 depends on rounding, and therefore on the processor. Gradients in
float64 do not. The losses of PyTorch in float64 must agree with the official ones; the
difference of gradient norms is printed. With --noise, the weights are multiplied by
1 + noise · N(0, 1) and no file is written: norms that change by more than the noise
depend on such a ReLU.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tests.goldens.reference_weights import reference_array, reference_state_dict

from . import stargan_v1, stargan_v2

FOLDER = Path(__file__).parents[2] / "tests" / "goldens"
OUTPUT = FOLDER / "float64.json"
# Tolerances of the losses, of which the last follow three updates in float32.
RELATIVE, ABSOLUTE = 1e-5, 2e-5
# Norms below this fraction of the largest, of biases before a normalization, are
# rounding errors.
FLOOR = 2e-5
V2_NETWORKS = {
    "generator": "generator",
    "mapping": "mapping_network",
    "encoder": "style_encoder",
    "discriminator": "discriminator",
}
V2_LOSSES = {
    "discriminator": ("real", "fake", "reg"),
    "generator": ("adv", "sty", "ds", "cyc"),
}


class Golden:
    """A golden file with its arrays as float64 tensors."""

    def __init__(self, name: str, noise: float = 0.0):
        self.noise = noise
        self.json = json.loads((FOLDER / f"{name}.json").read_text())
        with np.load(FOLDER / f"{name}.npz") as arrays:
            self.arrays = {key: tensor(value) for key, value in arrays.items()}

    def array(self, name: str, *shape: int) -> torch.Tensor:
        return tensor(reference_array(name, shape, self.json["seed"]))

    def state(self, network: str) -> dict[str, torch.Tensor]:
        state = reference_state_dict(self.json[f"{network}_keys"], self.json["seed"])
        rng = np.random.default_rng(0)
        return {
            key: tensor(value) * (1 + self.noise * tensor(rng.normal(size=value.shape)))
            for key, value in state.items()
        }


def tensor(array: np.ndarray) -> torch.Tensor:
    array = np.asarray(array)
    return torch.tensor(array, dtype=torch.float64 if array.dtype.kind == "f" else None)


def steps_v1(golden: Golden) -> list[dict]:
    """Returns the losses and the gradient norms of both networks for each step."""
    info = golden.json
    size, labels = info["image_size"], info["c_dim"] + info["c2_dim"]
    masks = 2 if info["c2_dim"] else 0
    networks = {
        "discriminator": stargan_v1.Discriminator(
            size, labels, info["d_conv_dim"], info["d_repeat_num"]
        ),
        "generator": stargan_v1.Generator(
            labels + masks, info["g_conv_dim"], info["g_repeat_num"]
        ),
    }
    keys = {}
    for name, network in networks.items():
        state = golden.state(name)
        # Both list their weights in the order of the layers.
        keys[name] = dict(zip(state, network.double().parameters(), strict=True))
        with torch.no_grad():
            for key, parameter in keys[name].items():
                parameter.copy_(state[key])
    training = stargan_v1.Training(
        networks=(networks["generator"], networks["discriminator"])
    )
    image = golden.array("x_real", info["batch"], 3, size, size)
    return [step_v1(golden, step, training, keys, image) for step in info["steps"]]


def step_v1(golden, step, training, keys, image):
    """Computes a step of `steps_v1`."""
    prefix, info = step["dataset"].lower(), golden.json
    label, target, alpha = (
        golden.arrays[f"{prefix}_{name}"] for name in ("c_org", "c_trg", "alpha")
    )
    of_faces = step["dataset"] == "CelebA"
    joint = bool(info["c2_dim"])
    known = slice(info["c_dim"] if joint and not of_faces else 0, None)
    known = slice(0, info["c_dim"]) if joint and of_faces else known

    def classification(logits, label):
        logits, label = logits[:, known], label[:, : logits.shape[1]][:, known]
        return (
            stargan_v1.entropy(logits, label)
            if of_faces
            else functional.cross_entropy(logits, label.argmax(1))
        )

    training._classification = classification
    critic = training.critic_step(image, label, target, alpha)
    norms = {"discriminator": gradient_norms(keys["discriminator"])}
    generator = training.generator_step(image, label, target)
    norms["generator"] = gradient_norms(keys["generator"])
    losses = {
        **by_name([f"d_loss_{name}" for name in ("real", "fake", "cls", "gp")], critic),
        **by_name([f"g_loss_{name}" for name in ("fake", "cls", "rec")], generator),
    }
    recorded = {name: step[f"{name[0]}_gradient_norms"] for name in norms}
    compare(step["dataset"], losses, step, norms, recorded)
    return {"losses": losses, "gradient_norms": norms}


def steps_v2(golden: Golden) -> list[dict]:
    """Returns the losses and the gradient norms of all networks for the four phases."""
    info = golden.json
    size, batch, domains = info["image_size"], info["batch"], info["num_domains"]
    style, most = info["style_dim"], info["max_conv_dim"]
    networks = {
        "generator": stargan_v2.Generator(size, style, most, info["w_hpf"]),
        "mapping": stargan_v2.MappingNetwork(domains, info["latent_dim"], style),
        "encoder": stargan_v2.StyleEncoder(size, domains, style, most),
        "discriminator": stargan_v2.Discriminator(size, domains, most),
    }
    keys = {}
    for name, network in networks.items():
        named = dict(network.double().named_parameters())
        state = golden.state(V2_NETWORKS[name])
        keys[name] = {key: named[peer_name(name, key)] for key in state}
        with torch.no_grad():
            for key, parameter in keys[name].items():
                parameter.copy_(state[key].reshape(parameter.shape))
    masks = None
    if info["w_hpf"]:
        rng = np.random.default_rng([info["seed"], 99])
        for _ in range(2):
            rng.integers(0, domains, (batch,))
        masks = [rng.uniform(0, 1, (batch, 1, size, size)) for _ in range(2)]
        masks = tensor(np.concatenate(masks, axis=1).astype(np.float32))
    training = stargan_v2.Training(networks=networks, masks=masks)
    image, *references = (
        golden.array(name, batch, 3, size, size)
        for name in ("x_real", "x_ref", "x_ref2")
    )
    latents = [golden.array(n, batch, info["latent_dim"]) for n in ("z_trg", "z_trg2")]
    domain, target = (golden.arrays[name].long() for name in ("y_org", "y_trg"))
    sources = {"latent": latents, "reference": references}
    steps = []
    for step in info["steps"]:
        network, source = step["phase"].split("_")
        phase = getattr(training, f"{network}_phase")
        terms = phase(image, domain, sources[source], target)
        losses = by_name(V2_LOSSES[network], terms)
        norms = {
            V2_NETWORKS[name]: gradient_norms(keys[name])
            for name in keys
            if V2_NETWORKS[name] in step["gradient_norms"]
        }
        recorded = step["gradient_norms"]
        compare(step["phase"], losses, step["losses"], norms, recorded)
        steps.append({"losses": losses, "gradient_norms": norms})
    return steps


def peer_name(network: str, key: str) -> str:
    """Returns the name of a v2 weight in our PyTorch network for its official key."""
    if network in ("encoder", "discriminator"):
        key = "trunk.body." + key.split(".", 1)[1] if key[0] in "sm" else key
        key = key.replace("trunk.body.8.", "heads.") if network[0] == "d" else key
    for theirs, ours in {
        "unshared.": "heads.",
        "norm1.fc": "norm_1.affine",
        "norm2.fc": "norm_2.affine",
        "norm1.": "norms.0.",
        "norm2.": "norms.1.",
        "conv1x1": "narrow",
        "conv1.": "first.",
        "conv2.": "second.",
    }.items():
        key = key.replace(theirs, ours)
    return key


def gradient_norms(parameters: dict[str, torch.nn.Parameter]) -> dict[str, float]:
    return {
        key: float(p.grad.norm()) for key, p in parameters.items() if p.grad is not None
    }


def by_name(names, terms) -> dict[str, float]:
    return {name: term.item() for name, term in zip(names, terms, strict=True)}


def compare(title, losses, recorded_losses, norms, recorded) -> None:
    """Prints the differences of norms; raises if a loss differs from the official."""
    for name, value in losses.items():
        theirs = recorded_losses[name]
        if abs(value - theirs) > RELATIVE * abs(theirs) + ABSOLUTE:
            raise ValueError(f"{title}: {name} is {theirs}, but {value} in float64.")
    print(f"  {title}: differences of norms:", differences(norms, recorded))


def differences(norms, others) -> str:
    errors = [
        abs(norm - others[name][key]) / max(norm, FLOOR * max(values.values()))
        for name, values in norms.items()
        for key, norm in values.items()
    ]
    return (
        f"{np.median(errors):.1e} (median), {max(errors):.1e} (maximum); "
        f"{sum(error > 1e-5 for error in errors)} of {len(errors)} above 1e-5"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--noise", type=float, default=0.0)
    noise = parser.parse_args().noise
    torch.set_num_threads(1)
    results = {}
    for path in sorted(FOLDER.glob("v?_*.json")):
        print(path.stem)
        steps = steps_v1 if path.stem.startswith("v1") else steps_v2
        results[path.stem] = steps(Golden(path.stem, noise))
    if not noise:
        OUTPUT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        return
    known = json.loads(OUTPUT.read_text(encoding="utf-8"))
    print(f"Changes by noise of {noise}:")
    for name, steps in results.items():
        for step, other in zip(steps, known[name], strict=True):
            norms = (step["gradient_norms"], other["gradient_norms"])
            print(f"  {name}:", differences(*norms))


if __name__ == "__main__":
    main()
