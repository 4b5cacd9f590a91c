"""The Radboud Faces Database for `stargan-tf --dataset rafd`."""

from stargan_tf_rafd.dataset import RAFD, RAFD_ANGLE, RAFD_FRONTAL, RAFD_GAZE

__all__ = ["RAFD", "RAFD_ANGLE", "RAFD_FRONTAL", "RAFD_GAZE"]
