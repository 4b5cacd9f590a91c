import pytest

from stargan_tf import plugin
from stargan_tf.plugin import Dataset


class Plain(Dataset):
    def load(self, split, image_size, options):
        raise NotImplementedError


TEXTS = {"name": "plain", "description": "d", "citation": "c", "obtain": "o"}


def test_the_former_spelling_of_license_is_taken_with_a_warning():
    with pytest.warns(DeprecationWarning, match="is called 'license' now") as warned:
        former = Plain(api_version=1, licence="CC BY", **TEXTS)
    assert warned[0].filename == __file__
    assert former.license == former.licence == "CC BY"
    assert former == Plain(api_version=1, license="CC BY", **TEXTS)
    with pytest.raises(TypeError, match="license"):
        Plain(api_version=1, **TEXTS)


def test_the_former_spelling_of_labeled_images_is_found_with_a_warning():
    with pytest.warns(DeprecationWarning, match="renamed to LabeledImages") as warned:
        assert plugin.LabelledImages is plugin.LabeledImages
    assert warned[0].filename == __file__
    with pytest.raises(AttributeError, match="no attribute 'Labels2'"):
        _ = plugin.Labels2
