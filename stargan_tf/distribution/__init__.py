"""Training on several devices and machines, with the result of one."""
