"""`stargan-tf cache`: what is kept between runs, and how to get rid of it."""

import time

from absl import flags

from stargan_tf.errors import InputError, near_names

SUMMARY = "List or remove what is kept between runs, such as decoded images."
USAGE = "stargan-tf cache [KIND …] [--clear]"


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the flags.

    Args:
        flag_values: where to.
    """
    flags.DEFINE_boolean(
        "clear",
        False,
        "Remove what would be listed, except images that running processes use.",
        flag_values=flag_values,
    )


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Prints or removes what is in the cache folder.

    Args:
        flag_values: the parsed flags.
        positionals: the kinds of things; without any, all.

    Raises:
        InputError: for an unknown kind, or if something could not be removed.
    """
    from stargan_tf.data import cache

    for kind in positionals:
        if kind not in cache.KINDS:
            raise InputError(
                f"KIND must be one of {', '.join(cache.KINDS)}. "
                f"{near_names(kind, cache.KINDS)}"
            )
    kept = cache.kept(tuple(positionals) or cache.KINDS)
    if flag_values.clear:
        left = [one for one in kept if not cache.remove(one)]
        gone = [one for one in kept if one not in left]
        print(f"Removed {len(gone)} of {len(kept)} entries, {_total(gone)}.")
        if left:
            names = ", ".join(f"{one.kind} {one.title}" for one in left[:3])
            raise InputError(
                f"{len(left)} entries are in use, or you may not remove them: {names}"
                f"{', …' if len(left) > 3 else ''}. Try again when nothing runs."
            )
        return
    for one in reversed(kept):
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.last_use))
        print(f"{one.kind:<12} {_megabytes(one.num_bytes):>12}  {day}  {one.title}")
    print(f"{len(kept)} entries, {_total(kept)}, in {cache.cache_folder()}")
    print(
        f"Images may take {_megabytes(cache.limit_bytes())} ({cache.LIMIT_VARIABLE}); "
        "the longest unused ones leave first."
    )


def _megabytes(num_bytes: float) -> str:
    return f"{num_bytes / 2**20:,.1f} MB"


def _total(kept: list) -> str:
    return _megabytes(sum(one.num_bytes for one in kept))
