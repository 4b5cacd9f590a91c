"""Facial landmarks: the network that finds them, and masks made of them."""
