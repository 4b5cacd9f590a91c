"""What an export raises that does not agree with Keras."""


class Disagreement(Exception):
    """An exported model whose outputs are too far from those of Keras.

    The command line prints it in one line and exits with 1. Nothing is left of the
    export.
    """
