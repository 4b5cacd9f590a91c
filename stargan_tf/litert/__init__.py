"""LiteRT (TFLite) files: a trained model on a phone, in a browser, on a small board."""
