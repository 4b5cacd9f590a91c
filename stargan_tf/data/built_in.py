"""One line on each data set of our own, for listings that import none of them."""

DESCRIPTIONS = {
    "folder": "Your images: one folder per domain (--data_dir); one-hot",
    "attributes": "Your images and a file of attributes (--data_dir, --labels); binary",
    "toon_attributes": "Drawn faces with hair colour, sex and age; embedded, nothing "
    "to download",
    "toon_expressions": "Drawn faces with eight expressions; embedded, nothing "
    "to download",
    "toon_people": "Drawn women, men and children in many styles, for StarGAN v2; "
    "embedded",
}
OWN_FILES = "your own: whatever terms you have the pictures under"
