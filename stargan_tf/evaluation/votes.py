"""Reads and counts the votes on a questionnaire."""

import csv
import io
import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.errors import InputError, shortened
from stargan_tf.evaluation.measures import ByImage, bootstrap_interval
from stargan_tf.evaluation.questionnaire import COLUMNS, FORMAT, KEY
from stargan_tf.evaluation.results import aligned
from stargan_tf.files import read_bytes, read_json, write_json, write_text
from stargan_tf.limits import MAX_NAMES, MAX_REASON, MAX_TEXT_BYTES


@dataclass(frozen=True)
class Key:
    """The key of a questionnaire, which assigns options to models.

    Args:
        path: path of the file.
        models: names of the models.
        questions: id → question, with its `target`, its `options` ({image: model or
            None}), and `right`, the correct image of an attention check.
    """

    path: Path
    models: Sequence[str]
    questions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Vote:
    """The image that a rater chose, and the time in seconds."""

    choice: str
    seconds: float


Votes = Mapping[tuple[str, str], Vote]  # (rater, question) → vote


def read_key(path: Path) -> Key:
    """Reads the key of a questionnaire; raises InputError for any other file."""
    try:
        record = read_json(path)
        if record["format"] != FORMAT:
            received = shortened(str(record["format"]))
            raise ValueError(f"format {received}, where this version reads {FORMAT}")
        models = list(dict(record["models"]))
        questions = {entry["id"]: entry for entry in record["questions"]}
        for entry in questions.values():
            options, right = entry["options"], entry.get("right")
            known = models if right is None else [None]
            sound = right is None or right in options
            sound &= isinstance(entry["target"], str)
            sound &= all(model in known for model in options.values())
            if not sound or len(options) != len(models):
                raise ValueError(f"question {shortened(str(entry['id']))} is broken")
        if len(models) < 2 or not questions:
            raise ValueError("it has no models or no questions")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{path} is not a key of 'stargan-tf questionnaire' "
            f"({shortened(reason, MAX_REASON)}). Pass the {KEY} of the page."
        ) from error
    return Key(path, models, questions)


def read_votes(paths: Sequence[Path], key: Key) -> Votes:
    """Reads the files saved by the page; the last vote on a question counts.

    Args:
        paths: paths of the CSV files.
        key: key of the questionnaire.

    Returns:
        {(rater, question): vote}.

    Raises:
        InputError: if a file cannot be read, a line is not a vote on this
            questionnaire, or two files have different votes of a rater.
    """
    votes: dict[tuple[str, str], Vote] = {}
    files: dict[tuple[str, str], Path] = {}
    for path in paths:
        own: dict[tuple[str, str], Vote] = {}
        for line, cells in _rows(path):
            try:
                rater, question, choice, seconds = cells
                vote = Vote(choice, float(seconds))
                if not (rater.strip() and math.isfinite(vote.seconds)):
                    raise ValueError
            except ValueError:
                received = shortened(",".join(cells))
                raise InputError(
                    f"{path}, line {line}: expected {', '.join(COLUMNS)}. Received: "
                    f"{received}. Pass the unmodified file that the page saved."
                ) from None
            if choice not in key.questions.get(question, {}).get("options", ()):
                raise InputError(
                    f"{path}, line {line}: expected a vote on the questionnaire of "
                    f"{key.path}. Received: the unknown question or choice "
                    f"{shortened(question)}, {shortened(choice)}. Pass the key of the "
                    "page where these votes were cast."
                )
            own[rater.strip(), question] = vote
        for place, vote in own.items():
            if votes.get(place, vote).choice != vote.choice:
                raise InputError(
                    f"{files[place]} and {path} have different votes of '{place[0]}'. "
                    "Pass only the latest file of each rater, and give raters with the "
                    "same name different names."
                )
            votes[place], files[place] = vote, path
    return votes


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Returns line numbers and cells of all lines below the header."""
    try:
        text = read_bytes(path, MAX_TEXT_BYTES).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        if header != COLUMNS:
            received = shortened(",".join(header)) or "nothing"
            raise ValueError(f"its first line is {received}")
        rows = [(reader.line_num, cells) for cells in reader if cells]
        if not rows:
            raise ValueError("it contains no votes")
    except UnicodeError as error:
        raise InputError(f"{path} is not a file of votes: it is not UTF-8.") from error
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{path} is not a file of votes ({reason}). Expected a CSV file, saved by "
            f"the page, that begins with {','.join(COLUMNS)}."
        ) from error
    return rows


def count_votes(votes: Votes, key: Key, allow: int = 0, seed: int = 0) -> dict:
    """Computes shares of votes, excluding raters who failed attention checks.

    Args:
        votes: votes of all raters.
        key: key of the questionnaire.
        allow: maximum number of wrong answers to attention checks per rater.
        seed: seed of the confidence intervals.

    Returns:
        A JSON-serializable dictionary. `results` has an entry for each target, and one
        for all targets whose `target` is None. The 95 % confidence intervals are
        computed by resampling raters, because the votes of a rater are not independent.

    Raises:
        InputError: if all raters are excluded.
    """
    raters = list(dict.fromkeys(rater for rater, _ in votes))
    wrong, answers = Counter(), Counter(rater for rater, _ in votes)
    for (rater, question), vote in votes.items():
        wrong[rater] += key.questions[question].get("right", vote.choice) != vote.choice
    valid = [rater for rater in raters if wrong[rater] <= allow]
    place = {rater: number for number, rater in enumerate(valid)}
    # Target, or None for all → number of votes by rater and model.
    counts: dict[str | None, np.ndarray] = {
        entry["target"]: np.zeros((len(valid), len(key.models)))
        for entry in key.questions.values()
        if "right" not in entry
    }
    counts[None] = np.zeros((len(valid), len(key.models)))
    for (rater, question), vote in votes.items():
        entry = key.questions[question]
        if rater in place and "right" not in entry:
            model = key.models.index(entry["options"][vote.choice])
            for target in (entry["target"], None):
                counts[target][place[rater], model] += 1
    if not counts[None].any():
        raise InputError(
            f"At least one rater must give at most {allow} wrong answers to attention "
            f"checks. Received: {len(raters) - len(valid)} of {len(raters)} raters "
            "with more. Collect more votes, or increase --allow."
        )
    return {
        "key": str(key.path),
        "raters": len(valid),
        "left_out": [rater for rater in raters if rater not in place],
        "allow": allow,
        "incomplete": sum(answers[rater] < len(key.questions) for rater in valid),
        "median_seconds": statistics.median(
            vote.seconds for (rater, _), vote in votes.items() if rater in place
        ),
        "intervals": "95 % intervals, bootstrap over raters",
        "results": [
            {"target": target} | _shares(table, key.models, seed)
            for target, table in counts.items()
            if table.any()
        ],
    }


def _shares(table: np.ndarray, models: Sequence[str], seed: int) -> dict[str, Any]:
    """Computes the share of each model from votes (raters, models)."""
    answers = table.sum(axis=1)
    some = np.flatnonzero(answers)
    shares = {}
    for model, votes in zip(models, table.T, strict=True):
        by_rater = ByImage(some, votes[some], answers[some], share=True)
        low, high = bootstrap_interval([by_rater], seed)
        record = {"votes": int(votes.sum()), "share": by_rater.value}
        shares[model] = record | {"interval": [low, high]}
    return {"votes": int(answers.sum()), "models": shares}


def votes_table(record: Mapping[str, Any]) -> str:
    """Returns a table with a row per target, and notes about the raters."""
    rows = [["Share of votes", "votes", *record["results"][0]["models"]]]
    for result in record["results"]:
        cells = []
        for model in result["models"].values():
            share, low, high = (100 * x for x in (model["share"], *model["interval"]))
            cells.append(f"{share:.1f}\N{NO-BREAK SPACE}% ({low:.1f} to {high:.1f})")
        target = "all targets" if result["target"] is None else result["target"]
        rows.append([shortened(target), str(result["votes"]), *cells])
    lines = [aligned(rows), ""]
    lines.append(
        f"Raters: {record['raters']}. Median time per vote: "
        f"{record['median_seconds']:.1f} s. In parentheses: {record['intervals']}."
    )
    if record["left_out"]:
        names = shortened(", ".join(record["left_out"]), MAX_NAMES)
        lines.append(
            f"Excluded, with more than {record['allow']} wrong answers to attention "
            f"checks: {len(record['left_out'])} ({names})"
        )
    if record["incomplete"]:
        lines.append(f"Did not answer every question: {record['incomplete']}")
    return "\n".join(lines)


def write_votes(record: Mapping[str, Any], path: Path) -> None:
    """Writes the shares as `.json`, or as `.csv` with a line per target and model."""
    if path.suffix.lower() == ".json":
        write_json(path, record, "results")
        return
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(["target", "model", "votes", "share", "low", "high"])
    for result in record["results"]:
        for model, values in result["models"].items():
            target = "" if result["target"] is None else result["target"]
            numbers = [values["votes"], values["share"], *values["interval"]]
            table.writerow([target, model, *numbers])
    write_text(path, stream.getvalue(), "results")
