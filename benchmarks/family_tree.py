"""The picture at the head of the README: first samples out of the gallery's pictures.

    python benchmarks/family_tree.py

It reads `docs/images` and writes `docs/images/tree.png`: of each model the samples in the upper
left corner of its picture, four by four, none chosen.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

IMAGES = Path(__file__).parent.parent / "docs/images"
# Name, file, and the side of a cell of its grid with the gap, in pixels.
SHOWN = (
    ("NADE", "nade", 58),
    ("PixelCNN", "pixel_cnn", 58),
    ("VAE", "vae", 58),
    ("GAN", "gan", 58),
    ("DCGAN", "dcgan", 58),
    ("DDPM", "ddpm", 58),
    ("TextToImageGAN", "text_to_image", 66),
)
SIDE, GAP, LINE = 160, 12, 24


def main():
    whole = Image.new("RGB", ((SIDE + GAP) * len(SHOWN) - GAP, SIDE + LINE), "white")
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(14)
    for index, (name, file, cell) in enumerate(SHOWN):
        left = index * (SIDE + GAP)
        picture = Image.open(IMAGES / f"{file}.png").convert("RGB")
        corner = picture.crop((0, 0, 4 * cell + 2, 4 * cell + 2))
        whole.paste(corner.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, LINE))
        draw.text((left, 2), name, "black", font)
    whole.save(IMAGES / "tree.png", optimize=True)


if __name__ == "__main__":
    main()
