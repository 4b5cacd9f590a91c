"""Facial landmarks with MediaPipe, for `stargan-tf --landmarks mediapipe`."""

from stargan_tf_mediapipe.provider import PROVIDER

__all__ = ["PROVIDER"]
