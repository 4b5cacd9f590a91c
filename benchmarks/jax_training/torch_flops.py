"""Floating-point operations of PyTorch code."""


def torch_flops(function) -> int:
    """Those of the convolutions and products that a function runs.

    (`FlopCounterMode` itself does not bear a gradient of a gradient.)

    Args:
        function: without arguments.
    """
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    total = 0

    class Counter(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            nonlocal total
            kwargs = kwargs or {}
            out = func(*args, **kwargs)
            count = flop_registry.get(func._overloadpacket)
            if count is not None:
                total += count(*args, **kwargs, out_val=out)
            return out

    with Counter():
        function()
    return total
