"""Lesion detection with image-level labels only: scores, maps, and candidates.

An image is translated to the healthy domain; its difference from the translation
localizes lesions. Reference: Fixed-Point GAN (Siddiquee et al. 2019).
"""

# How a map is reduced to the image's score.
MAXIMUM, MEAN, SHARE = REDUCTIONS = ("maximum", "mean", "share")
