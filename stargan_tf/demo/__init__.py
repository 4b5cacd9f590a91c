"""A demo of exported models: a web page."""
