"""A `tf.data` service in a process of its own; run by tests as a module.

Argument: how many workers. It prints the dispatcher's address, and ends with its input.
"""

import sys

import tensorflow as tf

service = tf.data.experimental.service
dispatcher = service.DispatchServer()
address = dispatcher.target.partition("://")[2]
workers = [
    service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
    for _ in range(int(sys.argv[1]))
]
print(dispatcher.target, flush=True)
sys.stdin.read()
