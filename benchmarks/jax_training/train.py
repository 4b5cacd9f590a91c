"""Training on JAX for some minutes: weights that TensorFlow loads, and pictures."""

import time
from pathlib import Path

import jax
import numpy as np

from jax_training import device_images, run_files
from jax_training.build import CRITIC_STEPS, build_v1, build_v2
from jax_training.pictures import pictures_v1, pictures_v2
from jax_training.precision import jax_precision, policy

LOG_SECONDS = 20


def train(arguments) -> None:
    """Trains, goes on where the state file ends, writes weights and a grid.

    Args:
        arguments: of the command line.
    """
    model, folder = arguments.train, Path(arguments.output)
    size, batch = getattr(arguments, model)
    source = device_images.open_data(model, Path(arguments.data), size)
    options = {"max_filters": arguments.max_filters} if model == "v2" else {}
    with jax_precision(arguments.precision):
        dtype = policy(arguments.precision)
        phases, state = _build(model, source.info, dtype, arguments, options)
        folder.mkdir(parents=True, exist_ok=True)
        state = _read(folder / "state.npz", state)
        state = _until(_steps(phases, source, batch), state, arguments)
    _write(folder / "state.npz", state)
    held_out = device_images.open_data(model, Path(arguments.data), size, "held_out")
    draw = {"v1": pictures_v1, "v2": pictures_v2}[model]
    # The sample is compared with TensorFlow's float32.
    with jax_precision("float32"):
        phases, _ = _build(model, source.info, "float32", arguments, options)
        for name, weights in (state.averages or state.weights).items():
            phases.networks[name].put(weights)
        networks = {name: n.model for name, n in phases.networks.items()}
        inputs, outputs = draw(networks, held_out, folder / "grid.png")
    run_files.write(folder, model, source.info, options, networks, inputs, outputs)


def _build(model, info, dtype, arguments, options):
    if model == "v1":
        return build_v1(info, dtype, arguments.total_steps)
    steps = arguments.total_steps or 100_000
    return build_v2(info, dtype, diversity_steps=steps, **options)


def _steps(phases, source, batch):
    """(state, number of the iteration) → (state, terms), on random batches."""
    images = jax.device_put(device_images.pixels(source))
    labels = jax.device_put(source.labels)
    first = hasattr(phases, "critic_only")
    make = device_images.batch_v1 if first else device_images.batch_v2
    draw = device_images.draw_v1 if first else device_images.draw_v2

    def compiled(update):
        def step(state, images, labels, chosen, key):
            key = jax.random.fold_in(key, state.step)
            return update(state, make(images, labels, chosen, key))

        return jax.jit(step, donate_argnums=0)

    updates = [phases.critic_only, phases.both] if first else [phases.iteration]
    updates = [compiled(update) for update in updates]
    key = jax.random.key(0)

    def step(state, number):
        chosen = draw(np.random.default_rng([0, number]), source.labels, batch)
        last = first and number % CRITIC_STEPS == CRITIC_STEPS - 1
        return updates[int(last)](state, images, labels, chosen, key)

    return step


def _until(step, state, arguments):
    """Trains until the time is over or the last step done."""
    number = done = int(state.step)
    start = said = time.perf_counter()
    last = arguments.total_steps or float("inf")
    while number < last and time.perf_counter() - start < arguments.minutes * 60:
        state, terms = step(state, number)
        number += 1
        if time.perf_counter() - said > LOG_SECONDS or number == done + 1:
            # Reading the numbers waits for the device, which nothing else does.
            told = ", ".join(f"{n} {float(v):.3g}" for n, v in terms.items())
            said = time.perf_counter()
            print(f"{number}: {(number - done) / (said - start):.2f}/s, {told}")
    jax.block_until_ready(state)
    seconds = time.perf_counter() - start
    print(f"{number - done} iterations in {seconds:.0f} s; {number} in all", flush=True)
    return state


def _write(path, state):
    leaves = jax.tree.leaves(state)
    np.savez(path, **{str(i): np.asarray(leaf) for i, leaf in enumerate(leaves)})


def _read(path, state):
    """The state in a file, or the given one if there is none."""
    if not path.exists():
        return state
    with np.load(path) as file:
        leaves = [jax.device_put(file[str(i)]) for i in range(len(file.files))]
    return jax.tree.unflatten(jax.tree.structure(state), leaves)
