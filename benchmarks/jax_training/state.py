"""What a training changes, and how one loss changes it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class State(NamedTuple):
    """Everything that a training changes.

    Args:
        weights: {network: trained arrays}.
        moments: {network: the optimizer's arrays}.
        averages: {network: averaged arrays}; empty for v1.
        step: number of iterations done.
    """

    weights: dict[str, list]
    moments: dict[str, list]
    averages: dict[str, list]
    step: Any


class Network:
    """A Keras network and its optimizer as functions of arrays.

    Args:
        model: the network.
        optimizer: a Keras optimizer.
    """

    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        optimizer.build(model.trainable_variables)

    def __call__(self, weights, *inputs):
        """The network's outputs, with these weights."""
        fixed = [variable.value for variable in self.model.non_trainable_variables]
        given = list(inputs) if len(inputs) > 1 else inputs[0]
        return self.model.stateless_call(weights, fixed, given)[0]

    def descend(self, weights, moments, gradients):
        """(weights, moments) after one update."""
        return self.optimizer.stateless_apply(moments, gradients, weights)

    def put(self, weights):
        """Gives the Keras network these weights."""
        for variable, value in zip(
            self.model.trainable_variables, weights, strict=True
        ):
            variable.assign(value)


def start(networks, averaged=()) -> State:
    """The state before the first iteration.

    Args:
        networks: {name: Network}.
        averaged: names of those that get an average.
    """

    # Copies: a jitted step may be given the state's memory to write the next one to.
    def copies(variables):
        return [jnp.array(variable.value, copy=True) for variable in variables]

    return State(
        {name: copies(n.model.trainable_variables) for name, n in networks.items()},
        {name: copies(n.optimizer.variables) for name, n in networks.items()},
        {name: copies(networks[name].model.trainable_variables) for name in averaged},
        jnp.zeros((), "int32"),
    )


def descend(networks, state, learners, loss):
    """One update of some networks.

    Args:
        networks: {name: Network}.
        state: before.
        learners: names of the networks that learn.
        loss: {learner: weights} → (scalar, {name: term}).

    Returns:
        (state, terms, {learner: gradients}).
    """
    learned = {name: state.weights[name] for name in learners}
    (_, terms), gradients = jax.value_and_grad(loss, has_aux=True)(learned)
    return update(networks, state, gradients), terms, gradients


def update(networks, state, gradients) -> State:
    """The state after one update by these gradients.

    Args:
        networks: {name: Network}.
        state: before.
        gradients: {learner: gradients}.
    """
    weights, moments = dict(state.weights), dict(state.moments)
    for name, found in gradients.items():
        weights[name], moments[name] = networks[name].descend(
            weights[name], moments[name], found
        )
    return state._replace(weights=weights, moments=moments)
