import pytest

from stargan_tf.exporting import litert as selective
from stargan_tf.exporting.litert import WANTED_ERROR, product_names, worst


def test_only_the_worst_products_stay_float():
    errors = {"small": WANTED_ERROR / 4, "huge": 1.0, "middle": WANTED_ERROR / 2}
    assert worst(errors) == {"huge"}
    assert worst({"small": WANTED_ERROR / 2}) == set()
    assert worst({"first": 1.0, "second": 0.5}) == {"first", "second"}


def test_every_product_has_a_name(v1_content):
    found = product_names(v1_content)
    assert len(found) == len(set(found)) == 6 + 2


@pytest.fixture
def attempts(monkeypatch, v1_content):
    """Products that stay float in each attempt; the file is never quantized."""
    asked = []

    def quantized(content, float_products):
        asked.append(set(float_products))
        return content

    monkeypatch.setattr(selective, "_quantized", quantized)
    return asked


def test_a_file_that_is_good_at_once_is_taken(attempts, v1_content):
    selective.quantize_selectively(v1_content, lambda content: WANTED_ERROR / 2)
    assert attempts == [set()]


def test_else_each_product_is_tried_alone(attempts, v1_content):
    products = product_names(v1_content)

    def error(content):
        alone = set(products) - attempts[-1]
        return 1.0 if products[3] in alone else WANTED_ERROR / 100

    selective.quantize_selectively(v1_content, error)
    assert attempts[0] == set()
    assert attempts[1:-1] == [set(products) - {name} for name in products]
    assert attempts[-1] == {products[3]}
