"""What the exported forms of a model share."""
