"""A light generator learns what a trained one does."""
