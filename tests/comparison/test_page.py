"""The page in a browser, and the table in a terminal."""

import re

import pytest
from PIL import Image

from tfgen.comparison import show_table, write_page
from tfgen.comparison.pictures import learning_curves, scatter
from tfgen.training import RunFolder


def estimate(mean, kind, bits=2.0):
    return {"mean": mean, "standard_error": 0.5, "kind": kind, "bits_per_dim": bits, "protocol": {}}


ROWS = [
    {"name": "real images", "fidelity": {"frechet_distance": 0.5}},
    {
        "name": "NADE",
        "density": "exact",
        "levels": 2,
        "likelihood": estimate(-9.5, "exact"),
        "fidelity": {"frechet_distance": 20.0},
    },
    {
        "name": "VAE",
        "density": "bound",
        "levels": 2,
        "likelihood": estimate(-100.25, "ELBO"),
        "fidelity": {"frechet_distance": 3.0},
    },
    {"name": "GAN", "density": "implicit", "fidelity": {"frechet_distance": 1.0}},
    {"name": "RNADE", "failed": "expected <b>vectors</b>. Received: images"},
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    for name, grey in (("NADE", 10), ("GAN", 200)):
        (folder / name).mkdir()
        for picture in ("samples", "nearest"):
            Image.new("L", (30, 20), grey).save(folder / name / f"{picture}.png")
    (folder / "history.csv").write_text(
        "epoch,negative_log_prob,seconds,val_negative_log_prob\n1,12,0.5,13\n2,10,1.0,11\n"
    )
    run = RunFolder(folder)
    write_page(ROWS, ["data: bars"], {"NADE": run}, folder, folder / "compare.html")
    return folder / "compare.html"


def test_the_page_is_one_file_and_reads_nothing_as_markup(page):
    text = page.read_text()
    for attribute in re.findall(r"""(?:src|href)=["']([^"']*)""", text):
        assert attribute.startswith("data:image/png;base64,")
    assert "&lt;b&gt;vectors&lt;/b&gt;" in text and "<b>" not in text
    # Two pictures of each model that has them, the scatter and the curves.
    assert text.count("<img") == 6


def test_a_click_on_a_title_sorts_and_what_is_missing_comes_last(page, browser):
    browser.get(page.as_uri())
    find = lambda css: browser.find_elements("css selector", css)
    column = lambda: [cell.text for cell in find("tbody td:first-child")]
    titles = {button.text: button for button in find("th button")}
    assert column() == [row["name"] for row in ROWS]
    titles["nats"].click()
    # By number: as texts, -9.5 would come behind -100.25 both ways.
    assert column()[:2] == ["VAE", "NADE"]
    titles["nats"].click()
    assert column()[:2] == ["NADE", "VAE"]
    titles["FD"].click()
    assert column() == ["real images", "GAN", "VAE", "NADE", "RNADE"]
    titles["name"].click()
    assert column() == sorted(column(), key=str.lower)
    shown = browser.execute_script("return [...document.images].map((i) => i.naturalWidth > 0)")
    assert shown == [True] * 6
    assert browser.get_log("browser") == []


def test_a_terminal_of_eighty_columns_shows_names_and_numbers_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    show_table(ROWS, ["data: [bars]"])
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    for word in ("real images", "-100.25", "0.50", "2.000", "20.0", "data: [bars]"):
        assert word in text
    assert "expected <b>vectors</b>" in text


def test_pictures_are_drawn_of_what_there_is():
    assert scatter(ROWS[:4]).startswith(b"\x89PNG")
    assert scatter([ROWS[0], ROWS[3]]) is None
    rows = [{"epoch": 1, "bound": 2.0, "seconds": 1.0}, {"epoch": 2, "bound": 1.0, "seconds": 2.0}]
    assert learning_curves({"VAE": rows}).startswith(b"\x89PNG")
    assert learning_curves({"VAE": rows[:1], "GAN": [{"epoch": 1}, {"epoch": 2}]}) is None
