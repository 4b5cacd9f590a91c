import pytest
from stargan_tf_rafd.file_name import ANGLES, EXPRESSIONS, GAZES

PERSONS = ("01_Caucasian_female", "05_Caucasian_male", "46_Moroccan_male")


@pytest.fixture(scope="session")
def names():
    """All photographs of three persons, named as the originals."""
    return tuple(
        f"Rafd{angle}_{person}_{expression}_{gaze}.jpg"
        for angle in ANGLES
        for person in PERSONS
        for expression in EXPRESSIONS
        for gaze in GAZES
    )


@pytest.fixture
def rafd(tmp_path, write_pictures, names):
    """A folder with them, upright as the originals, which are 681 x 1024."""
    return write_pictures(tmp_path / "RaFD", names, (34, 51))
