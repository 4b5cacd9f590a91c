"""The text files that TF Serving is started with."""

import json

MAX_BATCH = 8
_SIZES = (1, 2, 4, 8)


def batching_config() -> str:
    """`--batching_parameters_file`: requests that come together are computed together.

    The allowed sizes are few, so that few shapes are compiled; smaller batches are
    padded by TF Serving.
    """
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in _SIZES)
    return (
        f"max_batch_size {{ value: {MAX_BATCH} }}\n"
        "batch_timeout_micros { value: 5000 }\n"
        "max_enqueued_batches { value: 100 }\n"
        "num_batch_threads { value: 2 }\n"
        f"{sizes}\n"
    )


def models_config(name: str) -> str:
    """`--model_config_file`: the newest version of one model.

    Args:
        name: of the model, which is also the folder's below `/models`.
    """
    # Quoted as JSON is: the text format reads the same escapes.
    quoted, path = (
        json.dumps(text, ensure_ascii=False) for text in (name, f"/models/{name}")
    )
    return (
        "model_config_list {\n"
        "  config {\n"
        f"    name: {quoted}\n"
        f"    base_path: {path}\n"
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { latest { num_versions: 1 } }\n"
        "  }\n"
        "}\n"
    )
