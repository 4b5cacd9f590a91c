import pytest

from stargan_tf import plugin


def test_the_former_spelling_of_labeled_images_is_found_with_a_warning():
    with pytest.warns(DeprecationWarning, match="renamed to LabeledImages") as warned:
        assert plugin.LabelledImages is plugin.LabeledImages
    assert warned[0].filename == __file__
    with pytest.raises(AttributeError, match="no attribute 'Labels2'"):
        _ = plugin.Labels2
