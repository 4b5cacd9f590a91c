"""Training on several devices and machines, with the results of a single device."""
