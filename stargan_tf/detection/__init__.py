"""Finding what is ill with labels of whole images only: scores, maps, and candidates.

An image is translated to the healthy domain; where the translation differs from it, it
is not healthy. Written from the equations of Fixed-Point GAN (Siddiquee et al. 2019).
"""
