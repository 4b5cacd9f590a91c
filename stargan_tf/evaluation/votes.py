"""The votes on a questionnaire: reads what raters sent back, and counts it."""

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
    """Which option is which model's.

    Args:
        path: the file.
        models: their names.
        questions: id → the question: its `target`; `options`, picture → model or None;
            `right`, the right picture of an attention check.
    """

    path: Path
    models: Sequence[str]
    questions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Vote:
    """The picture that a rater chose, after how many seconds."""

    choice: str
    seconds: float


Votes = Mapping[tuple[str, str], Vote]  # rater and question → the vote


def read_key(path: Path) -> Key:
    """Reads what `write_questionnaire` wrote; InputError if it is another file."""
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
            f"{path} is no key of 'stargan-tf questionnaire' "
            f"({shortened(reason, MAX_REASON)}). Pass the {KEY} of the page."
        ) from error
    return Key(path, models, questions)


def read_votes(paths: Sequence[Path], key: Key) -> Votes:
    """Reads the files that the page saved; the last of several votes counts.

    Raises:
        InputError: if a file cannot be read, or a line is no vote on the key's
            questionnaire.
    """
    votes: dict[tuple[str, str], Vote] = {}
    for path in paths:
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
                    f"{received}. Pass the file as the page saved it."
                ) from None
            if choice not in key.questions.get(question, {}).get("options", ()):
                raise InputError(
                    f"{path}, line {line}: expected a vote on the questionnaire of "
                    f"{key.path}. Received: the unknown question or choice "
                    f"{shortened(question)}, {shortened(choice)}. Pass the key of the "
                    "page that these votes are from."
                )
            votes[rater.strip(), question] = vote
    return votes


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The numbers and cells of the lines below the names."""
    try:
        text = read_bytes(path, MAX_TEXT_BYTES).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        if header != COLUMNS:
            received = shortened(",".join(header)) or "nothing"
            raise ValueError(f"its first line is {received}")
        rows = [(reader.line_num, cells) for cells in reader if cells]
        if not rows:
            raise ValueError("it holds no vote")
    except UnicodeError as error:
        raise InputError(f"{path} is no file of votes: it is not UTF-8.") from error
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{path} is no file of votes ({reason}). Expected a CSV file that begins "
            f"with {','.join(COLUMNS)}, as the page saves it."
        ) from error
    return rows


def count_votes(votes: Votes, key: Key, allow: int = 0, seed: int = 0) -> dict:
    """Shares of votes, without those of raters who failed attention checks.

    Args:
        votes: of all raters.
        key: of the questionnaire.
        allow: wrong answers to attention checks that a rater may give.
        seed: of the intervals' resamples.

    Returns:
        A JSON-ready record. `results` has an entry for each target, and one for all
        with the target None. The 95 % intervals come from resamples of the raters,
        since the answers of one are not independent.

    Raises:
        InputError: if no rater is left.
    """
    raters = list(dict.fromkeys(rater for rater, _ in votes))
    wrong, answers = Counter(), Counter(rater for rater, _ in votes)
    for (rater, question), vote in votes.items():
        wrong[rater] += key.questions[question].get("right", vote.choice) != vote.choice
    valid = [rater for rater in raters if wrong[rater] <= allow]
    place = {rater: number for number, rater in enumerate(valid)}
    # Target, or None for all → rater and model → number of votes.
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
            f"No votes are left to count: {len(raters) - len(valid)} of {len(raters)} "
            f"raters gave more than {allow} wrong answers to attention checks. "
            "Collect more votes, or raise --allow."
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
    """The share of each model: votes (raters, models) → JSON-ready record."""
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
    """A row for each target, and what a reader must know."""
    rows = [["Share of votes", "votes", *record["results"][0]["models"]]]
    for result in record["results"]:
        cells = []
        for one in result["models"].values():
            share, low, high = (100 * x for x in (one["share"], *one["interval"]))
            cells.append(f"{share:.1f}\N{NO-BREAK SPACE}% ({low:.1f} to {high:.1f})")
        target = "all targets" if result["target"] is None else result["target"]
        rows.append([shortened(target), str(result["votes"]), *cells])
    lines = [aligned(rows), ""]
    lines.append(
        f"Raters: {record['raters']}. Median time of a vote: "
        f"{record['median_seconds']:.1f} s. In parentheses: {record['intervals']}."
    )
    if record["left_out"]:
        names = shortened(", ".join(record["left_out"]), MAX_NAMES)
        lines.append(
            f"Left out, with more than {record['allow']} wrong answers to attention "
            f"checks: {len(record['left_out'])} ({names})"
        )
    if record["incomplete"]:
        lines.append(f"Did not answer every question: {record['incomplete']}")
    return "\n".join(lines)


def write_votes(record: Mapping[str, Any], path: Path) -> None:
    """Writes the shares as `.json`, or as `.csv` with a line for target and model."""
    if path.suffix.lower() == ".json":
        write_json(path, record, "results")
        return
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(["target", "model", "votes", "share", "low", "high"])
    for result in record["results"]:
        for model, one in result["models"].items():
            target = "" if result["target"] is None else result["target"]
            table.writerow(
                [target, model, one["votes"], one["share"], *one["interval"]]
            )
    write_text(path, stream.getvalue(), "results")
