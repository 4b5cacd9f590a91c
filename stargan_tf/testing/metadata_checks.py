"""Does the definition say what a user must know?"""

from collections.abc import Iterator

from stargan_tf.data.labels import Labels
from stargan_tf.testing.subject import Subject

TEXTS = ("description", "license", "citation", "obtain")


def check_texts(subject: Subject) -> Iterator[str]:
    """Texts are there, and the one for listings is one line."""
    for name in TEXTS:
        text = getattr(subject.definition, name)
        if not isinstance(text, str) or not text.strip():
            yield f"{name} must be a text for users. Received: {text!r}"
    if "\n" in str(subject.definition.description).strip():
        yield "description must be one line; it is shown in a list."


def check_homepage(subject: Subject) -> Iterator[str]:
    """The homepage is an address, if there is one."""
    page = subject.definition.homepage
    if page and not page.startswith(("https://", "http://")):
        yield f"homepage must be an address, https://…. Received: {page!r}"


def check_labels(subject: Subject) -> Iterator[str]:
    """`labels_in` gives `Labels`, or None for pictures without."""
    subject.doing = "asking for labels_in(options)"
    labels = subject.definition.labels_in(subject.options)
    if labels is not None and not isinstance(labels, Labels):
        yield f"labels_in must return Labels or None. Received: {labels!r}"


METADATA_CHECKS = (check_texts, check_homepage, check_labels)
