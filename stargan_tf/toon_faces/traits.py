"""What an identity is made of."""

from dataclasses import dataclass

from stargan_tf.toon_faces.palette import Colour


@dataclass(frozen=True)
class Pose:
    """Where the head is: shift, scale, roll (radians), and a hint of yaw and pitch."""

    dx: float
    dy: float
    scale: float
    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True)
class FaceShape:
    """Half width and half height of the face; cheek, jaw and chin as shares of it.

    `drop` is how far the features sit below their place in a grown-up's face.
    """

    width: float
    height: float
    cheek: float
    jaw: float
    chin: float
    drop: float = 0.0


@dataclass(frozen=True)
class Hair:
    """Style, the personal shade within any colour class, volume, side of the part.

    `dye` is a colour worn instead of the look's.
    """

    style: str
    shade: tuple[float, float, float]
    volume: float
    side: int
    beard: str
    dye: Colour | None = None


@dataclass(frozen=True)
class Features:
    """Skin, eyes, brows, nose and mouth at rest."""

    skin: Colour
    eye_shape: str
    eye_colour: Colour
    eye_size: float
    eye_gap: float
    brow_width: float
    brow_arch: float
    nose: str
    nose_size: float
    mouth_width: float
    mouth_curve: float
    lipstick: Colour
    freckles: bool


@dataclass(frozen=True)
class Scene:
    """What is around the face: background, clothes, light, accessories."""

    background: str
    back: Colour
    back_accent: Colour
    clothes: str
    cloth: Colour
    cloth_accent: Colour
    light: int
    tint: tuple[float, float, float]
    glasses: str
    frame: Colour
    earrings: str
    metal: Colour


@dataclass(frozen=True)
class Identity:
    """One person in one place; the same with every look."""

    pose: Pose
    face: FaceShape
    hair: Hair
    features: Features
    scene: Scene
